// The client side of HTTP as the proxy sees it, whatever the version. Worker thread.
//
// HTTP/1: a connection carries one exchange at a time, and rests in its pool between them.
//   made connected -> run(exchange) -> [answer's body read to its end] -> pool.put_back() -> rest() -> run(...) ...
//                          \_ failed: the connection is gone
// HTTP/2: a ClientConnection is one exchange's share of a SharedConnection, which lives on. A request for a websocket
// (Upgrade) becomes an extended CONNECT (RFC 8441), if the server takes those.
//   shared.open() -> run(exchange) -> [answer's body read to its end] -> gone
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/time.h"
#include "http/exchange.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::http {

enum class ClientError : uint8_t {
  none,
  connection_lost,   // closed or reset before a whole answer head came
  response_timeout,  // no answer head in time
  malformed_response,
  unexpected_switch,  // 101 that nobody asked for
  too_many_interim,
  no_extended_connect,  // the server takes no websockets on HTTP/2 (RFC 8441); nothing was sent
  request_body,         // the client's body is malformed
  request_timeout,      // the client's body stalled
  client_gone,
};

struct ClientOutcome {
  ClientError error = ClientError::none;
  // Nothing came back on a connection that had carried exchanges before: the server may well have closed it unseen.
  bool stale = false;
  // The server says that it has done nothing with the request (RFC 9113 8.7).
  bool unprocessed = false;
  std::string_view detail = {};  // what is malformed; lives for ever
};

struct ClientOptions {
  Duration response_header_timeout = 0s;  // from the end of the request; 0: none
};

class ClientConnection;

// Keeps connections that can carry another exchange. Outlives them.
class ClientPool {
 public:
  virtual void put_back(std::unique_ptr<ClientConnection> connection) = 0;
  // A resting connection was closed by the server; the pool destroys it.
  virtual void on_closed(ClientConnection& connection) noexcept = 0;

 protected:
  ~ClientPool() = default;
};

class ClientConnection : public ClientGoneListener {
 public:
  virtual ~ClientConnection() = default;

  // What is waited for ends with an error; so does every later operation.
  virtual void cancel() noexcept = 0;
  // While it rests the pool hears of the server's close. -> false when it has closed already
  virtual bool rest() { return false; }
  // Ends the rest. -> it can carry another exchange, as far as can be known
  virtual bool wake() { return false; }
  // Its server can say that it has done nothing with a request (ClientOutcome::unprocessed).
  virtual bool tells_unprocessed() const { return false; }

  // Sends the exchange's request and waits for the answer's head. Afterwards the connection (`self` is this) belongs to
  // exchange.response_body or exchange.tunnel, and comes back to the pool by itself once the answer has ended; after
  // an error it is gone. While the exchange lasts it listens to the client.
  virtual net::Task<ClientOutcome> run(std::unique_ptr<ClientConnection> self, Exchange& exchange,
                                       const ClientOptions& options) = 0;

  void on_client_gone() noexcept final {
    client_gone_ = true;
    cancel();
  }
  bool client_gone() const { return client_gone_; }

  static void* operator new(size_t size) { return net::allocate_frame(size); }
  static void operator delete(void* p, size_t size) noexcept { net::free_frame(p, size); }

 private:
  bool client_gone_ = false;  // the exchange's client went away; what was pending was cancelled
};

std::unique_ptr<ClientConnection> make_http1_client(ClientPool& pool, std::unique_ptr<net::Stream> stream);

// ---- HTTP/2

class SharedConnection {
 public:
  // One exchange's share of it; null when it takes no more, for now or for ever.
  virtual std::unique_ptr<ClientConnection> open() = 0;
  // Whether open() may ever succeed again.
  virtual bool takes_requests() const = 0;
  // It ends: at once, when no exchange is left on it, or by cutting those that are. Its pool is forgotten.
  virtual void close() noexcept = 0;

 protected:
  ~SharedConnection() = default;  // it destroys itself after close(), or when the server has closed
};

class SharedConnectionPool {
 public:
  // It takes no requests any more, and is not to be used from here on.
  virtual void on_ended(SharedConnection& connection) noexcept = 0;

 protected:
  ~SharedConnectionPool() = default;
};

struct Http2ClientOptions {
  bool tls = false;                 // the scheme of its requests
  Duration idle_timeout = 0s;       // without an exchange; 0: none
  Duration read_idle_timeout = 0s;  // silence after which the server is asked for a sign of life; 0: never
  Duration ping_timeout = 15s;      // for that sign
};

// Speaks HTTP/2 from the first byte (ALPN, or prior knowledge). Owns itself; ends in turns of the loop after close().
SharedConnection& make_http2_client(SharedConnectionPool& pool, std::unique_ptr<net::Stream> stream,
                                    const Http2ClientOptions& options);

}  // namespace fl::http
