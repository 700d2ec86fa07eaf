#include "http/h1/tunnel.h"

namespace fl::http::h1 {
namespace {

net::Task<> pump(net::Stream& from, net::InBuffer& in, net::Stream& to, uint64_t& moved) {
  for (;;) {
    if (!in.empty()) {
      if (co_await to.write(in.view()) != 0) break;
      moved += in.size();
      in.consume(in.size());
      in.release_if_empty();
    }
    if (to.loop().budget() <= 0) co_await net::yield();
    const ssize_t n = co_await from.fill(in);
    if (n > 0) continue;
    if (n == 0) {
      to.shutdown_write();
      co_return;
    }
    break;
  }
  from.cancel();
  to.cancel();
}

}  // namespace

net::Task<TunnelBytes> relay(net::Stream& first, net::InBuffer& first_in, net::Stream& second,
                             net::InBuffer& second_in) {
  TunnelBytes bytes;
  net::TaskScope scope;
  scope.spawn(pump(first, first_in, second, bytes.to_second));
  scope.spawn(pump(second, second_in, first, bytes.to_first));
  co_await scope.join();
  co_return bytes;
}

}  // namespace fl::http::h1
