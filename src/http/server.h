// The server side of HTTP on one worker: turns accepted connections into exchanges for a handler. Everything here
// belongs to the worker's loop; a connection owns itself from accept to close.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"
#include "http/exchange.h"
#include "http/exchange_pool.h"
#include "http/h1/parser.h"
#include "http/http2_options.h"
#include "http/server_connection.h"
#include "net/stream.h"

namespace fl::http {

struct ServerOptions {
  h1::HeadLimits head;
  Duration head_timeout = 10s;   // from the first byte of a head to its end; 0: none
  Duration read_timeout = 60s;   // whole request, body included; 0: none
  Duration write_timeout = 0s;   // from the end of the head to the end of the answer; 0: none
  Duration idle_timeout = 180s;  // between requests; 0: read_timeout
  uint64_t max_requests = 0;     // a connection's last answer says Connection: close; 0: no limit
  Duration max_age = 0s;         // likewise once a connection is older
  Http2Options http2;
};

namespace h1 {
class ServerExchange;
}
namespace h2 {
class ServerExchange;
}

class Server {
 public:
  // `handler` outlives the server.
  Server(net::Loop& loop, const ServerOptions& options, const Handler& handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes over a connection; bytes already read from it may stand in `first`. HTTP/2 is spoken where ALPN agreed on it,
  // and without TLS to who begins with its preface (RFC 9113 3.3); everyone else speaks HTTP/1.
  void serve(std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, std::string_view first = {});

  // Answers say Connection: close from now on, idle connections are ended; running exchanges finish.
  void drain();
  // Answers keep their connections open again; those told otherwise still end.
  void stop_draining() { draining_ = false; }
  // Ends every connection now.
  void close_all();
  // Called whenever a connection has gone.
  void set_on_closed(std::function<void()> f) { on_closed_ = std::move(f); }
  size_t connections() const { return connections_.size(); }
  size_t active_exchanges() const;

  const ServerOptions& options() const { return options_; }

  // ---- what connections ask of their server
  const Handler& handler() const { return handler_; }
  bool draining() const { return draining_; }
  ExchangePool<h1::ServerExchange>& h1_exchanges() { return h1_exchanges_; }
  ExchangePool<h2::ServerExchange>& h2_exchanges() { return h2_exchanges_; }
  std::string_view date();  // of the current second, as the Date field has it
  void remove(ServerConnection& connection);

 private:
  class Opening;
  void add(ServerConnection& connection);
  void take_out(ServerConnection& connection);
  void start(std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, net::InBuffer in);

  net::Loop& loop_;
  ServerOptions options_;
  const Handler& handler_;
  bool draining_ = false;
  std::function<void()> on_closed_;
  std::vector<ServerConnection*> connections_;  // each knows its place
  ExchangePool<h1::ServerExchange> h1_exchanges_;
  ExchangePool<h2::ServerExchange> h2_exchanges_;
  int64_t date_second_ = -1;
  char date_[32];
};

}  // namespace fl::http
