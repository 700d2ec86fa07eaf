#include "http/server.h"

#include <cstring>

#include "http/h1/server_connection.h"

namespace fl::http {
namespace {
constexpr size_t kKeptExchanges = 256;
}

Server::Server(net::Loop& loop, const ServerOptions& options, const Handler& handler)
    : loop_(loop), options_(options), handler_(handler) {}

Server::~Server() {
  FL_CHECK(connections_.empty());
  for (h1::ServerExchange* exchange : idle_exchanges_) delete exchange;
}

void Server::serve(std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, std::string_view first) {
  auto* connection = new h1::ServerConnection(*this, std::move(stream), info, first);
  connection->index_ = connections_.size();
  connections_.push_back(connection);
  connection->run();
}

void Server::remove(h1::ServerConnection& connection) {
  connections_.back()->index_ = connection.index_;
  connections_[connection.index_] = connections_.back();
  connections_.pop_back();
  if (on_closed_) on_closed_();
}

void Server::drain() {
  draining_ = true;
  for (h1::ServerConnection* connection : connections_) connection->drain();
}

void Server::close_all() {
  for (h1::ServerConnection* connection : connections_) connection->close();
}

h1::ServerExchange* Server::lease_exchange() {
  ++active_;
  if (idle_exchanges_.empty()) return new h1::ServerExchange;
  h1::ServerExchange* exchange = idle_exchanges_.back();
  idle_exchanges_.pop_back();
  return exchange;
}

void Server::give_back(h1::ServerExchange* exchange) {
  --active_;
  exchange->end();
  if (idle_exchanges_.size() < kKeptExchanges)
    idle_exchanges_.push_back(exchange);
  else
    delete exchange;
}

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
