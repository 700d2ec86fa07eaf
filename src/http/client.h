// The client side of HTTP as the proxy sees it, whatever the version: a connection to a server that carries exchanges,
// and the pool that keeps it between them. Worker thread.
//
//   made connected -> run(exchange) -> [answer's body read to its end] -> pool.put_back() -> rest() -> run(...) ...
//                          \_ failed: the connection is gone
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
  request_body,     // the client's body is malformed
  request_timeout,  // the client's body stalled
  client_gone,
};

struct ClientOutcome {
  ClientError error = ClientError::none;
  // Nothing came back on a connection that had carried exchanges before: the server may well have closed it unseen.
  bool stale = false;
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

  virtual net::Stream& stream() = 0;
  // While it rests the pool hears of the server's close. -> false when it has closed already
  virtual bool rest() = 0;
  // Ends the rest. -> it can carry another exchange, as far as can be known
  virtual bool wake() = 0;

  // Sends the exchange's request and waits for the answer's head. Afterwards the connection (`self` is this) belongs to
  // exchange.response_body or exchange.tunnel, and comes back to the pool by itself once the answer has ended; after
  // an error it is gone. While the exchange lasts it listens to the client.
  virtual net::Task<ClientOutcome> run(std::unique_ptr<ClientConnection> self, Exchange& exchange,
                                       const ClientOptions& options) = 0;

  void on_client_gone() noexcept final {
    client_gone_ = true;
    stream().cancel();
  }
  bool client_gone() const { return client_gone_; }

  static void* operator new(size_t size) { return net::allocate_frame(size); }
  static void operator delete(void* p, size_t size) noexcept { net::free_frame(p, size); }

 private:
  bool client_gone_ = false;  // the exchange's client went away; what was pending was cancelled
};

std::unique_ptr<ClientConnection> make_http1_client(ClientPool& pool, std::unique_ptr<net::Stream> stream);

}  // namespace fl::http
