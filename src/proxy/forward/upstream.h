// One worker's connections to one server: idle ones, newest first, and how to make another. Worker thread; lives until
// its slot is retired, which is after the last request that uses it.
#pragma once

#include <memory>
#include <vector>

#include "http/exchange.h"
#include "http/h1/parser.h"
#include "net/stream.h"
#include "net/task.h"
#include "proxy/forward/proxy_error.h"
#include "proxy/upstream_spec.h"

namespace fl::proxy {

class Worker;
class Upstream;

// A connection to a server, idle in its pool or leased to one exchange.
class UpstreamConnection final : public http::ClientGoneListener, private net::HangupListener {
 public:
  UpstreamConnection(Upstream& upstream, std::unique_ptr<net::Stream> stream);

  net::Stream& stream() { return *stream_; }
  net::InBuffer in;
  http::h1::ResponseParser parser;
  bool reused = false;       // has carried an exchange before
  bool client_gone = false;  // the exchange's client went away; what was pending was cancelled
  bool request_sent = false;  // the whole request is out

  Upstream& upstream() const { return upstream_; }
  void on_client_gone() noexcept override {
    client_gone = true;
    stream_->cancel();
  }

  static void* operator new(size_t size) { return net::allocate_frame(size); }
  static void operator delete(void* p, size_t size) noexcept { net::free_frame(p, size); }

 private:
  friend class Upstream;
  void on_hangup(net::Stream& stream) noexcept override;

  Upstream& upstream_;
  std::unique_ptr<net::Stream> stream_;
  TimePoint idle_since_{};
};

class Upstream {
 public:
  Upstream(Worker& worker, const UpstreamSpec& spec);
  ~Upstream();

  // An idle connection that is still good, or null.
  std::unique_ptr<UpstreamConnection> take_idle();
  // A new one, which watches the exchange's client from the start; null on failure, with the reason in `error`.
  net::Task<std::unique_ptr<UpstreamConnection>> connect(http::Exchange& exchange, ProxyError& error);
  // Keeps it for the next exchange, or closes it when there are enough.
  void put_back(std::unique_ptr<UpstreamConnection> connection);
  void close_idle();

  const TransportSpec& transport() const { return transport_; }

 private:
  friend class UpstreamConnection;
  static void on_timer(net::Timer& timer);
  void remove_idle(UpstreamConnection& connection);
  void arm();

  Worker& worker_;
  // Copies: a spec may be gone while its slot's retirement is still in the mail.
  const std::string host_;
  const uint16_t port_;
  const TransportSpec transport_;
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;  // oldest first
  struct ExpiryTimer : net::Timer {
    Upstream& upstream;
    explicit ExpiryTimer(Upstream& u) : Timer(&Upstream::on_timer), upstream(u) {}
  } expiry_;
};

}  // namespace fl::proxy
