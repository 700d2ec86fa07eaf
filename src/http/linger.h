// The end of a connection whose peer may still be sending. Worker thread.
#pragma once

#include "net/stream.h"
#include "net/task.h"

namespace fl::http {

// Ends our direction, then reads and drops what still comes for a moment, so that a close does not destroy what is on
// its way to the peer. To be awaited before the stream is closed.
net::Task<> linger(net::Stream& stream);

}  // namespace fl::http
