#include "proxy/forward/kept_upload.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "proxy/transaction.h"

namespace fl::proxy {
namespace {

using http::BodyChunk;
using http::BodyError;

constexpr size_t kLeastRoom = 1 << 10;  // for a body of unknown length
constexpr size_t kGrowth = 4;           // what is outgrown stays in the arena, a third at most of what is used

}  // namespace

KeptUpload& KeptUpload::start(http::Exchange& x) {
  auto* const upload = ::new (x.arena.allocate(sizeof(KeptUpload), alignof(KeptUpload))) KeptUpload(x);
  x.request_body = upload;
  return *upload;
}

KeptUpload::KeptUpload(http::Exchange& x)
    : x_(x),
      body_(*x.request_body),
      limit_(body_.remaining().value_or(0) > kMostBytes ? 0 : kMostBytes),
      first_room_(body_.remaining().value_or(kLeastRoom)) {}

bool KeptUpload::rewind() {
  if (!keeps_) return false;
  replayed_ = 0;
  abandoned_ = false;
  return true;
}

net::Task<bool> KeptUpload::end() {
  const bool whole = rewind() && !fetching_;
  keeps_ = false;
  if (fetching_) body_.abandon();
  while (fetching_) co_await wake_;
  co_return whole;
}

BodyChunk KeptUpload::take() {
  if (abandoned_) return {{}, false, BodyError::canceled};
  if (replayed_ < size_) {
    const std::string_view rest = std::string_view(kept_, size_).substr(std::exchange(replayed_, size_));
    return {rest, end_.last, BodyError::none};
  }
  if (fetching_) return {};
  if (end_.ready()) return end_;
  const BodyChunk chunk = fetched_.ready() ? std::exchange(fetched_, {}) : body_.take();
  keep(chunk);
  return chunk;
}

net::Task<BodyChunk> KeptUpload::read() {
  return keeps_ || fetching_ || fetched_.ready() || replayed_ < size_ ? read_kept() : body_.read();
}

net::Task<BodyChunk> KeptUpload::read_kept() {
  for (;;) {
    if (const BodyChunk chunk = take(); chunk.ready()) co_return chunk;
    if (fetching_)
      co_await wake_;
    else
      fetch();
  }
}

// Not the reader's: that goes with its attempt, and a read that has begun has to come to its end.
net::Detached KeptUpload::fetch() {
  fetching_ = true;
  fetched_ = co_await body_.read();
  fetching_ = false;
  wake_.notify();
}

void KeptUpload::keep(const BodyChunk& chunk) {
  end_ = {{}, chunk.last, chunk.error};
  if (!keeps_ || chunk.data.empty()) return;
  keeps_ = make_room(chunk.data.size());
  if (!keeps_) return;
  std::memcpy(kept_ + size_, chunk.data.data(), chunk.data.size());
  replayed_ = size_ += chunk.data.size();
}

bool KeptUpload::make_room(size_t bytes) {
  const size_t needed = size_ + bytes;
  if (needed > limit_) return false;
  if (needed <= room_) return true;
  const size_t room = std::min(limit_, std::max({needed, first_room_, room_ * kGrowth}));
  if (!Transaction::of(x_).keep_upload(room)) return false;
  char* const kept = x_.arena.array<char>(room).data();
  if (size_ > 0) std::memcpy(kept, kept_, size_);
  kept_ = kept;
  room_ = room;
  return true;
}

std::optional<uint64_t> KeptUpload::remaining() const {
  const auto behind = body_.remaining();
  return behind ? std::optional(size_ - replayed_ + fetched_.data.size() + *behind) : std::nullopt;
}

void KeptUpload::abandon() noexcept {
  if (!keeps_) return body_.abandon();
  abandoned_ = true;
  wake_.notify();
}

}  // namespace fl::proxy
