// Counts what a peer may legally do but nobody does often, and says when it is enough. Pure: time is passed in.
// One a connection; the numbers are Http2Options'.
//
//   ok -> wind_down (no new streams; what runs may end) -> calm (GOAWAY ENHANCE_YOUR_CALM and the end)
#pragma once

#include <cstdint>

#include "base/time.h"
#include "http/h2/frame_scanner.h"
#include "http/http2_options.h"

namespace fl::http::h2 {

enum class Verdict : uint8_t { ok, wind_down, calm };

class FloodGuard {
 public:
  explicit FloodGuard(const Http2Options& options) : options_(options) {}

  // Each frame, before its payload is looked at.
  Verdict on_frame(const FrameHeader& frame, TimePoint now);
  void on_stream_opened(TimePoint now);
  void on_data_sent() { window_updates_allowed_ += kUpdatesPerData; }
  // A stream that the client reset before it was answered (CVE-2023-44487), or made us reset (CVE-2025-8671).
  Verdict on_reset(TimePoint now);
  // Something odd that is none of the above, such as a malformed request.
  Verdict on_glitch(TimePoint now, uint32_t weight = 1);

 private:
  // Events of the current interval; intervals begin with the first event after the end of the one before.
  struct Rate {
    TimePoint begin{};
    uint64_t count = 0;
    uint64_t add(TimePoint now, Duration interval, uint64_t n = 1);
  };

  static constexpr uint32_t kUpdatesAtFirst = 5, kUpdatesPerStream = 2, kUpdatesPerData = 10;
  static constexpr uint32_t kPrioritiesAtFirst = 100, kPrioritiesPerStream = 10;
  static constexpr uint32_t kFloodWeight = 2;  // of a glitch that is a frame too many of its kind

  Verdict on_block(const FrameHeader& frame);
  void begin_interval(TimePoint now);

  const Http2Options& options_;
  uint32_t block_bytes_ = 0;
  uint32_t continuations_ = 0;
  uint32_t empty_continuations_ = 0;
  uint64_t window_updates_allowed_ = kUpdatesAtFirst;
  uint64_t priorities_allowed_ = kPrioritiesAtFirst;
  Rate empty_data_, settings_, pings_, unknown_bytes_;
  TimePoint resets_begin_{};  // of an interval in which both are counted
  uint64_t resets_ = 0, opened_ = 0;
  uint64_t glitches_ = 0;
  TimePoint glitches_halved_{};
};

}  // namespace fl::http::h2
