// Two connections tied together after an upgrade: bytes flow both ways until both sides have ended. Worker thread.
#pragma once

#include <cstdint>

#include "net/buffer.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::http::h1 {

struct TunnelBytes {
  uint64_t to_first = 0;
  uint64_t to_second = 0;
};

// Bytes already buffered go first. A half-close is passed on; a failure of either side ends both.
net::Task<TunnelBytes> relay(net::Stream& first, net::InBuffer& first_in, net::Stream& second,
                             net::InBuffer& second_in);

}  // namespace fl::http::h1
