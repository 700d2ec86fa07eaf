#include "http/h2/flood_guard.h"

namespace fl::http::h2 {
namespace {

constexpr Duration kResetInterval = 10s;
constexpr Duration kPingInterval = 10s;
constexpr Duration kMinute = 60s;
constexpr uint32_t kFrameHeaderBytes = 9;

Verdict within(bool is_within) { return is_within ? Verdict::ok : Verdict::calm; }

}  // namespace

uint64_t FloodGuard::Rate::add(TimePoint now, Duration interval, uint64_t n) {
  if (count == 0 || now - begin >= interval) {
    begin = now;
    count = 0;
  }
  return count += n;
}

Verdict FloodGuard::on_frame(const FrameHeader& frame, TimePoint now) {
  switch (frame.type) {
    case FrameType::data:
      if (frame.length > 0 || frame.has(kEndStream)) return Verdict::ok;
      return within(empty_data_.add(now, kMinute) <= options_.max_empty_data);
    case FrameType::headers: block_bytes_ = continuations_ = 0; return on_block(frame);
    case FrameType::continuation:
      if (frame.length == 0 && ++empty_continuations_ > options_.max_empty_continuations) return Verdict::calm;
      if (++continuations_ > options_.max_continuations) return Verdict::calm;
      return on_block(frame);
    case FrameType::priority:
    case FrameType::priority_update:
      if (priorities_allowed_ == 0) return on_glitch(now, kFloodWeight);
      --priorities_allowed_;
      return Verdict::ok;
    case FrameType::window_update:
      if (window_updates_allowed_ == 0) return on_glitch(now, kFloodWeight);
      --window_updates_allowed_;
      return Verdict::ok;
    case FrameType::settings: return within(settings_.add(now, kMinute) <= options_.max_settings);
    case FrameType::ping: return within(pings_.add(now, kPingInterval) <= options_.max_pings);
    case FrameType::rst_stream:
    case FrameType::push_promise:
    case FrameType::goaway: return Verdict::ok;
  }
  return within(unknown_bytes_.add(now, kMinute, kFrameHeaderBytes + frame.length) <= options_.max_unknown_bytes);
}

Verdict FloodGuard::on_block(const FrameHeader& frame) {
  block_bytes_ += frame.length;
  return within(block_bytes_ <= options_.max_coded_header_bytes);
}

void FloodGuard::begin_interval(TimePoint now) {
  if (now - resets_begin_ < kResetInterval) return;
  resets_begin_ = now;
  resets_ = opened_ = 0;
}

void FloodGuard::on_stream_opened(TimePoint now) {
  window_updates_allowed_ += kUpdatesPerStream;
  priorities_allowed_ += kPrioritiesPerStream;
  begin_interval(now);
  ++opened_;
}

Verdict FloodGuard::on_reset(TimePoint now) {
  begin_interval(now);
  if (++resets_ > options_.max_resets && resets_ * 2 > opened_) return Verdict::calm;
  return on_glitch(now);
}

Verdict FloodGuard::on_glitch(TimePoint now, uint32_t weight) {
  for (; glitches_ > 0 && now - glitches_halved_ >= kMinute; glitches_halved_ += kMinute) glitches_ /= 2;
  if (glitches_ == 0) glitches_halved_ = now;
  glitches_ += weight;
  if (glitches_ > options_.max_glitches) return Verdict::calm;
  return glitches_ > options_.max_glitches / 4 * 3 ? Verdict::wind_down : Verdict::ok;
}

}  // namespace fl::http::h2
