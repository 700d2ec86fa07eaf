// One worker's connections to one server: idle ones, newest first, and how to make another. Worker thread; lives until
// its slot is retired, which is after the last request that uses it.
#pragma once

#include <memory>
#include <vector>

#include "http/client.h"
#include "net/task.h"
#include "proxy/forward/proxy_error.h"
#include "proxy/upstream_spec.h"
#include "tls/client_session.h"

namespace fl::proxy {

class Worker;

class Upstream final : private http::ClientPool {
 public:
  Upstream(Worker& worker, const UpstreamSpec& spec);
  ~Upstream();

  // An idle connection that is still good, or null.
  std::unique_ptr<http::ClientConnection> take_idle();
  // A new one, which listens to the exchange's client from the start; null on failure, with the reason in `error`.
  net::Task<std::unique_ptr<http::ClientConnection>> connect(http::Exchange& exchange, ProxyError& error);
  void close_idle() { idle_.clear(); }

  http::ClientOptions client_options() const { return {.response_header_timeout = transport_.response_header_timeout}; }

 private:
  struct Idle {
    std::unique_ptr<http::ClientConnection> connection;
    TimePoint since;
  };

  // Cancels what a new connection waits for when the exchange's client goes away.
  struct Dialing;
  // A stream that is ready for a message, over TLS if the server wants it; null on failure.
  net::Task<std::unique_ptr<net::Stream>> dial(net::IpAddress ip, TimePoint deadline, Dialing& dialing,
                                               ProxyError& error);

  // Keeps it for the next exchange, or closes it when there are enough.
  void put_back(std::unique_ptr<http::ClientConnection> connection) override;
  void on_closed(http::ClientConnection& connection) noexcept override;
  static void on_timer(net::Timer& timer);
  void arm();

  Worker& worker_;
  // Copies: a spec may be gone while its slot's retirement is still in the mail.
  const std::string host_;
  const uint16_t port_;
  const TransportSpec transport_;
  const bool secure_;
  const std::shared_ptr<tls::ClientSession> tls_session_;  // null: not secure
  std::vector<Idle> idle_;                                 // oldest first
  struct ExpiryTimer : net::Timer {
    Upstream& upstream;
    explicit ExpiryTimer(Upstream& u) : Timer(&Upstream::on_timer), upstream(u) {}
  } expiry_;
};

}  // namespace fl::proxy
