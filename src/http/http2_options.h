// What an HTTP/2 connection may take of us: sizes, times, and how much of each odd but legal thing before the
// connection is ended (RFC 9113 10.5). Plain data; the defaults are those of entryPoints.<name>.http2.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace fl::http {

struct Http2Options {
  uint32_t max_concurrent_streams = 250;
  uint32_t decoder_table_bytes = 4096;  // HPACK tables
  uint32_t encoder_table_bytes = 4096;
  uint32_t stream_window_bytes = 65535;  // of a body that nobody reads
  uint32_t connection_window_bytes = 1 << 20;
  Duration handshake_timeout = 10s;  // to the end of the preface and the first SETTINGS
  Duration stall_timeout = 60s;      // of an answer for which the peer makes no room

  // Beyond these the connection is ended with ENHANCE_YOUR_CALM.
  uint32_t max_coded_header_bytes = 64 << 10;  // of one block, before HPACK
  uint32_t max_continuations = 16;             // a block
  uint32_t max_empty_continuations = 10;       // a connection
  uint32_t max_empty_data = 100;               // a minute; those that end a stream do not count
  uint32_t max_resets = 200;                   // in 10 s, and of more than half of the streams opened in them
  uint32_t max_settings = 100;                 // a minute
  uint32_t max_pings = 1000;                   // in 10 s
  uint32_t max_unknown_bytes = 1 << 20;        // of frames of unknown types, a minute
  uint32_t max_glitches = 1000;                // odd but legal frames, halved each minute; at 3/4 no new streams
};

}  // namespace fl::http
