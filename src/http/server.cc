#include "http/server.h"

#include <algorithm>
#include <cstring>

#include "http/h1/server_connection.h"
#include "http/h2/server_connection.h"

namespace fl::http {
namespace {

constexpr std::string_view kHttp2Start = "PRI *";  // of the preface; no request of HTTP/1 begins so

}  // namespace

// A connection without TLS before its first bytes have told which version it speaks.
class Server::Opening final : public ServerConnection {
 public:
  Opening(Server& server, std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, net::InBuffer in)
      : server_(server), stream_(std::move(stream)), info_(info), in_(std::move(in)) {}

  void run() override { open(); }
  void drain() override {
    stream_->set_read_deadline(std::min(stream_->read_deadline(), server_.loop_.now() + kDrainIdle));
  }
  void close() override { stream_->cancel(); }

 private:
  net::Detached open() {
    for (;;) {
      const std::string_view seen = in_.view();
      if (!seen.empty() && (seen.size() >= kHttp2Start.size() || !kHttp2Start.starts_with(seen))) break;
      if (co_await stream_->fill(in_) <= 0) {
        server_.remove(*this);
        delete this;
        co_return;
      }
    }
    server_.take_out(*this);
    server_.start(std::move(stream_), info_, std::move(in_));
    delete this;
  }

  Server& server_;
  std::unique_ptr<net::Stream> stream_;
  const ConnectionInfo info_;
  net::InBuffer in_;
};

Server::Server(net::Loop& loop, const ServerOptions& options, const Handler& handler)
    : loop_(loop), options_(options), handler_(handler) {}

Server::~Server() { FL_CHECK(connections_.empty()); }

void Server::serve(std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, std::string_view first) {
  net::InBuffer in;
  in.append(first);
  // For the very first byte; a codec sets its own limits afterwards.
  const Duration limit = draining_ ? kDrainIdle : options_.read_timeout;
  if (limit > 0s) stream->set_read_deadline(loop_.now() + limit);
  if (info.tls)
    start(std::move(stream), info, std::move(in));
  else
    add(*new Opening(*this, std::move(stream), info, std::move(in)));
}

void Server::start(std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, net::InBuffer in) {
  if (info.tls ? info.alpn == "h2" : in.view().starts_with(kHttp2Start))
    add(*new h2::ServerConnection(*this, std::move(stream), info, std::move(in)));
  else
    add(*new h1::ServerConnection(*this, std::move(stream), info, std::move(in)));
}

void Server::add(ServerConnection& connection) {
  connection.index_ = connections_.size();
  connections_.push_back(&connection);
  connection.run();
}

void Server::take_out(ServerConnection& connection) {
  connections_.back()->index_ = connection.index_;
  connections_[connection.index_] = connections_.back();
  connections_.pop_back();
}

void Server::remove(ServerConnection& connection) {
  take_out(connection);
  if (on_closed_) on_closed_();
}

void Server::drain() {
  draining_ = true;
  for (ServerConnection* connection : connections_) connection->drain();
}

void Server::close_all() {
  for (ServerConnection* connection : connections_) connection->close();
}

size_t Server::active_exchanges() const { return h1_exchanges_.active() + h2_exchanges_.active(); }

std::string_view Server::date() {
  const auto second = std::chrono::floor<std::chrono::seconds>(loop_.wall()).time_since_epoch().count();
  if (second != date_second_) {
    date_second_ = second;
    const std::string text = format_http_date(loop_.wall());
    std::memcpy(date_, text.data(), text.size());
  }
  return {date_, 29};
}

}  // namespace fl::http
