#include "proxy/held_body.h"

#include <algorithm>
#include <utility>

#include "proxy/answers.h"

namespace fl::proxy {
namespace {

using http::BodyChunk;
using http::BodyError;

// Arena memory: an upload may outlast the handler.
class Replay final : public http::BodySource {
 public:
  Replay(const HeldBody::Piece* first, uint64_t size, const http::BodySource& source, http::BodySource* rest)
      : next_(first), left_(size), source_(source), rest_(rest) {}

  BodyChunk take() override {
    if (next_ != nullptr) {
      const std::string_view bytes = std::exchange(next_, next_->next)->bytes;
      left_ -= bytes.size();
      return {bytes, next_ == nullptr && rest_ == nullptr, BodyError::none};
    }
    return rest_ == nullptr ? BodyChunk{{}, true, BodyError::none} : rest_->take();
  }
  net::Task<BodyChunk> read() override {
    if (const BodyChunk chunk = take(); chunk.ready()) co_return chunk;
    co_return co_await rest_->read();
  }
  std::optional<uint64_t> remaining() const override {
    if (rest_ == nullptr) return left_;
    const auto behind = rest_->remaining();
    return behind ? std::optional(left_ + *behind) : std::nullopt;
  }
  const http::HeaderMap* trailers() const override { return source_.trailers(); }
  void abandon() noexcept override {
    if (rest_ != nullptr) rest_->abandon();
  }

 private:
  const HeldBody::Piece* next_;
  uint64_t left_;
  const http::BodySource& source_;
  http::BodySource* const rest_;
};

}  // namespace

net::Task<BodyError> HeldBody::hold(http::Exchange& x, uint64_t limit) {
  source_ = rest_ = x.request_body;
  if (source_ == nullptr) co_return BodyError::none;
  const auto known = source_->remaining();
  too_long_ = known && *known > limit;
  Piece** end = &first_;
  while (!too_long_) {
    BodyChunk chunk = source_->take();
    if (!chunk.ready()) chunk = co_await source_->read();
    if (chunk.error != BodyError::none) co_return chunk.error;
    if (!chunk.data.empty()) {
      *end = x.arena.make<Piece>(x.arena.copy(chunk.data));
      end = &(*end)->next;
      size_ += chunk.data.size();
      too_long_ = size_ > limit;
    }
    if (chunk.last) {
      rest_ = nullptr;
      break;
    }
  }
  co_return BodyError::none;
}

http::BodySource* HeldBody::replay(http::Exchange& x) const {
  if (source_ == nullptr) return nullptr;
  void* const place = x.arena.allocate(sizeof(Replay), alignof(Replay));
  return ::new (place) Replay(first_, size_, *source_, rest_);
}

std::string_view HeldBody::copy_to(Arena& arena) const {
  const std::span<char> out = arena.array<char>(size_);
  auto end = out.begin();
  for (const Piece* piece = first_; piece != nullptr; piece = piece->next)
    end = std::ranges::copy(piece->bytes, end).out;
  return {out.data(), out.size()};
}

void answer_body_error(http::Exchange& x, BodyError error) {
  const auto refuse = [&x](uint16_t status) {
    x.respond(status, http::reason_phrase(status), {});
    x.close_connection = true;
  };
  switch (error) {
    case BodyError::timeout: return refuse(408);
    case BodyError::malformed: return refuse(400);
    case BodyError::too_large: return refuse(413);
    default: answer_client_gone(x);
  }
}

}  // namespace fl::proxy
