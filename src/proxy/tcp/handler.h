// A TCP connection on its way through a router's middlewares to its service, and what each of them is. Worker thread,
// but for handlers, which are immutable and shared by all workers.
#pragma once

#include <memory>

#include "base/time.h"
#include "net/address.h"
#include "net/buffer.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::proxy {
class Worker;
}

namespace fl::proxy::tcp {

struct Connection {
  Worker& worker;
  std::unique_ptr<net::Stream> stream{};
  net::InBuffer in{};         // bytes already read, which nobody has had yet
  net::SocketAddress peer{};  // after PROXY protocol
  net::SocketAddress local{};
  // The client asked a PostgreSQL server for TLS and was told yes in the server's place: the server must be asked too.
  bool postgres_tls = false;
  net::Stream* upstream = nullptr;  // once there is one
  bool canceled = false;            // it is to end now; whoever waits on its behalf asks after each wait

  // Ends what it waits for, from outside.
  void cancel() {
    canceled = true;
    if (stream != nullptr) stream->cancel();
    if (upstream != nullptr) upstream->cancel();
  }
};

// The connection is over when the task ends.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual net::Task<> handle(Connection& connection) const = 0;
  // Can serve, as far as health checks know.
  virtual bool is_up(TimePoint) const { return true; }
};
using HandlerPtr = std::shared_ptr<const Handler>;

}  // namespace fl::proxy::tcp
