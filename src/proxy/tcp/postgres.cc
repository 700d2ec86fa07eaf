#include "proxy/tcp/postgres.h"

#include <cerrno>

namespace fl::proxy::tcp {

net::Task<bool> ask_postgres_for_tls(net::Stream& server, Duration timeout) {
  const TimePoint deadline = timeout > 0s ? server.loop().now() + timeout : net::Stream::kNever;
  server.set_write_deadline(deadline);
  server.set_read_deadline(deadline);
  char answer = 0;
  ssize_t n = co_await server.write(kPostgresTlsRequest);
  while (n == 0) {
    n = co_await server.readable();
    if (n != 0) break;
    // One byte and no more: what follows it is the client's.
    n = server.try_read(&answer, 1);
    if (n == 0) n = -ECONNRESET;
    if (n == -EAGAIN) n = 0;
  }
  server.set_write_deadline(net::Stream::kNever);
  server.set_read_deadline(net::Stream::kNever);
  co_return n == 1 && answer == kPostgresTlsYes[0];
}

}  // namespace fl::proxy::tcp
