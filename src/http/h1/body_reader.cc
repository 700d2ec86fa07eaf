#include "http/h1/body_reader.h"

#include <algorithm>
#include <cerrno>

namespace fl::http::h1 {

BodyError body_error(ssize_t result) {
  if (result == 0) return BodyError::truncated;
  if (result == -ETIMEDOUT) return BodyError::timeout;
  if (result == -ECANCELED) return BodyError::canceled;
  return BodyError::broken;
}

void BodyReader::start(Framing framing, uint64_t length) {
  framing_ = framing;
  left_ = length;
  held_ = 0;
  error_ = BodyError::none;
  ended_ = framing == Framing::none || (framing == Framing::length && length == 0);
  if (framing == Framing::chunked) chunked_.reset();
}

void BodyReader::release() {
  in_.consume(std::exchange(held_, 0));
  in_.release_if_empty();
}

BodyChunk BodyReader::fail(BodyError error) {
  error_ = error;
  ended_ = true;
  return {{}, false, error};
}

BodyChunk BodyReader::take() {
  if (held_ != 0) in_.consume(std::exchange(held_, 0));
  if (ended_) return {{}, error_ == BodyError::none, error_};
  if (in_.empty()) return {};
  switch (framing_) {
    case Framing::length: {
      held_ = std::min<uint64_t>(left_, in_.size());
      left_ -= held_;
      ended_ = left_ == 0;
      return {{in_.data(), held_}, ended_, BodyError::none};
    }
    case Framing::chunked: {
      const auto step = chunked_.decode(in_.data(), in_.size());
      held_ = step.consumed;
      if (step.progress == Progress::failed) return fail(BodyError::malformed);
      ended_ = step.progress == Progress::done;
      return {step.data, ended_, BodyError::none};
    }
    case Framing::until_close: held_ = in_.size(); return {in_.view(), false, BodyError::none};
    case Framing::none: break;
  }
  return {{}, true, BodyError::none};
}

net::Task<BodyChunk> BodyReader::read() {
  for (;;) {
    if (const BodyChunk chunk = take(); chunk.ready()) co_return chunk;
    if (wants_before_wait())
      if (const int error = co_await before_wait(); error != 0) co_return fail(body_error(error));
    const ssize_t n = co_await stream_.fill(in_);
    if (n > 0) continue;
    if (n == 0 && framing_ == Framing::until_close) {
      ended_ = true;
      co_return BodyChunk{{}, true, BodyError::none};
    }
    co_return fail(body_error(n));
  }
}

net::Task<int> BodyReader::before_wait() { co_return 0; }

std::optional<uint64_t> BodyReader::remaining() const {
  if (framing_ == Framing::length || framing_ == Framing::none) return left_;
  return std::nullopt;
}

const HeaderMap* BodyReader::trailers() const {
  return framing_ == Framing::chunked && ended_ && error_ == BodyError::none ? &chunked_.trailers() : nullptr;
}

net::TcpStream* BodyReader::raw() {
  if (framing_ != Framing::length || ended_ || in_.size() != held_ || wants_before_wait()) return nullptr;
  return stream_.plain();
}

void BodyReader::skip(uint64_t bytes) {
  left_ -= bytes;
  if (left_ == 0) ended_ = true;
}

void BodyReader::abandon() noexcept {
  if (!ended_) fail(BodyError::canceled);
  stream_.cancel_read();
}

}  // namespace fl::http::h1
