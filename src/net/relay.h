// Two connections tied together: bytes flow both ways until both sides have ended. One loop. Where both sides are plain
// TCP, what arrives in large pieces moves inside the kernel.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "net/buffer.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::net {

struct RelayLimits {
  Duration idle = 0s;  // no byte either way, or none taken, for so long: both are ended; 0: no limit
  // How long one side may go on sending after the other has ended; unset: as long as it likes.
  std::optional<Duration> termination_delay;
};

struct RelayBytes {
  uint64_t to_first = 0;
  uint64_t to_second = 0;
};

// Bytes already buffered go first. A half-close is passed on; a failure of either side, or a limit, ends both.
Task<RelayBytes> relay(Stream& first, InBuffer& first_in, Stream& second, InBuffer& second_in, RelayLimits limits = {});

}  // namespace fl::net
