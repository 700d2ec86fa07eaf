// One worker's connections to one server: idle ones of HTTP/1, newest first, those of HTTP/2, which exchanges share,
// and how to make another. Worker thread; lives until its slot is retired, which is after the last request that uses
// it.
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

class Upstream final : private http::ClientPool, private http::SharedConnectionPool {
 public:
  Upstream(Worker& worker, const UpstreamSpec& spec);
  ~Upstream();

  // A way to the server at hand: an idle connection that is still good, or a share of one; or null.
  std::unique_ptr<http::ClientConnection> take(const http::Exchange& exchange);
  // A new one, or a share of one that somebody else is making, unless it has to be `own`; the exchange's client is
  // listened to meanwhile. Null on failure, with the reason in `error`.
  net::Task<std::unique_ptr<http::ClientConnection>> connect(http::Exchange& exchange, bool own, ProxyError& error);
  // A server of HTTP/2 has said that it takes no websockets there: they go by HTTP/1 from now on, as browsers do.
  void keep_websockets_off_http2() { shares_websockets_ = false; }
  // Idle connections end, and shared ones with what they carry.
  void close();

  http::ClientOptions client_options() const { return {.response_header_timeout = transport_.response_header_timeout}; }

 private:
  struct Idle {
    std::unique_ptr<http::ClientConnection> connection;
    TimePoint since;
  };

  // Cancels what a new connection waits for when the exchange's client goes away.
  struct Dialing;
  // Waits for somebody else's dialing.
  struct Waiting;
  // What an exchange wants of a connection: of all upgrades HTTP/2 has websockets only, and not with every server; the
  // others go by HTTP/1.
  bool may_share(const http::Exchange& exchange) const;
  std::unique_ptr<http::ClientConnection> open_shared();
  net::Task<std::unique_ptr<net::Stream>> dial_any(http::Exchange& exchange, ProxyError& error);
  std::unique_ptr<http::ClientConnection> adopt(std::unique_ptr<net::Stream> stream, bool http2);
  // A stream that is ready for a message, over TLS if the server wants it; null on failure.
  net::Task<std::unique_ptr<net::Stream>> dial(net::IpAddress ip, TimePoint deadline, bool http1_only, Dialing& dialing,
                                               ProxyError& error);

  void report(const Error& tls_failure);

  // Keeps it for the next exchange, or closes it when there are enough.
  void put_back(std::unique_ptr<http::ClientConnection> connection) override;
  void on_closed(http::ClientConnection& connection) noexcept override;
  void on_ended(http::SharedConnection& connection) noexcept override;
  static void on_timer(net::Timer& timer);
  void arm();

  Worker& worker_;
  // Copies: a spec may be gone while its slot's retirement is still in the mail.
  const std::string host_;
  const uint16_t port_;
  const TransportSpec transport_;
  const bool secure_;
  const std::shared_ptr<tls::ClientSession> tls_session_;  // null: not secure
  const bool http2_;                                       // without being asked
  std::vector<Idle> idle_;                                 // oldest first
  std::vector<http::SharedConnection*> shared_;
  bool shares_ = false;            // the server speaks HTTP/2, as far as is known
  bool shares_websockets_ = true;  // the same of RFC 8441
  bool dialing_ = false;           // for a connection to be shared
  TimePoint next_report_{};
  std::vector<Waiting*> waiting_;
  struct ExpiryTimer : net::Timer {
    Upstream& upstream;
    explicit ExpiryTimer(Upstream& u) : Timer(&Upstream::on_timer), upstream(u) {}
  } expiry_;
};

}  // namespace fl::proxy
