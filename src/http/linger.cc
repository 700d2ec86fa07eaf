#include "http/linger.h"

namespace fl::http {
namespace {

constexpr Duration kLingerTime = 2s;
constexpr uint64_t kMaxLingerBytes = 4 << 20;

}  // namespace

net::Task<> linger(net::Stream& stream) {
  stream.uncancel();
  co_await stream.shutdown_write(kLingerTime);
  stream.set_read_deadline(stream.loop().now() + kLingerTime);
  net::InBuffer in;
  for (uint64_t dropped = 0; dropped < kMaxLingerBytes;) {
    in.consume(in.size());
    const ssize_t n = co_await stream.fill(in);
    if (n <= 0) break;
    dropped += static_cast<uint64_t>(n);
  }
}

}  // namespace fl::http
