#include "http/h2/received_body.h"

#include "http/h2/stream.h"

namespace fl::http::h2 {
namespace {

constexpr size_t kKeptBytes = 4 << 10;  // of memory between streams

void shrink(std::string& buffer) {
  if (buffer.capacity() > kKeptBytes)
    std::string().swap(buffer);
  else
    buffer.clear();
}

}  // namespace

void ReceivedBody::start(std::optional<uint64_t> length) {
  left_ = length;
  ended_ = false;
  error_ = BodyError::none;
}

void ReceivedBody::recycle() {
  give_back(held_.size() + pending_.size());
  shrink(held_);
  shrink(pending_);
  trailers_.clear();
  ended_ = true;
  error_ = BodyError::none;
  wake_ = {};
}

bool ReceivedBody::on_data(std::string_view data) {
  if (left_) {
    if (data.size() > *left_) return false;
    *left_ -= data.size();
  }
  if (error_ != BodyError::none) {  // nobody will read it
    give_back(data.size());
    return true;
  }
  pending_ += data;
  wake_.notify();
  return true;
}

bool ReceivedBody::on_end() {
  if (left_.value_or(0) > 0) return false;
  ended_ = true;
  wake_.notify();
  return true;
}

void ReceivedBody::fail(BodyError error) {
  if (ended_ || error_ != BodyError::none) return;
  error_ = error;
  give_back(pending_.size());
  pending_.clear();
  wake_.notify();
}

void ReceivedBody::abandon() noexcept { fail(BodyError::canceled); }

void ReceivedBody::give_back(size_t bytes) {
  if (bytes > 0) stream_.consume(bytes);
}

BodyChunk ReceivedBody::take() {
  if (!held_.empty()) {
    give_back(held_.size());
    held_.clear();
  }
  if (error_ != BodyError::none) return {{}, false, error_};
  if (!pending_.empty()) held_.swap(pending_);
  return {held_, ended_, BodyError::none};
}

net::Task<BodyChunk> ReceivedBody::read() {
  for (;;) {
    if (const BodyChunk chunk = take(); chunk.ready()) co_return chunk;
    before_wait();
    co_await wake_;
  }
}

std::optional<uint64_t> ReceivedBody::remaining() const {
  if (ended_ || left_) return pending_.size() + left_.value_or(0);
  return std::nullopt;
}

}  // namespace fl::http::h2
