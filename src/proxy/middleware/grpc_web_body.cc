#include "proxy/middleware/grpc_web_body.h"

#include <array>

#include "base/crypto.h"
#include "base/strings.h"
#include "http/trailers.h"
#include "proxy/grpc.h"

namespace fl::proxy::middleware {
namespace {

using http::BodyChunk;
using http::BodyError;

constexpr char kTrailerFlag = '\x80';

constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  int8_t value = 0;
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
    table[static_cast<unsigned char>(c)] = value++;
  return table;
}();

// flag, length in four bytes, "name: value" lines.
std::string trailer_frame(const http::HeaderMap* trailers) {
  std::string lines;
  if (trailers != nullptr)
    for (const http::Field& field : *trailers)
      if (http::is_forwardable_trailer(field))
        lines.append(to_lower(field.name)).append(": ").append(field.value).append("\r\n");
  std::string out(1, kTrailerFlag);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(lines.size() >> shift);
  return out + lines;
}

}  // namespace

BodyChunk GrpcWebAnswer::convert(const BodyChunk& chunk) {
  if (chunk.error != BodyError::none || !chunk.ready()) return chunk;
  if (record_ != nullptr) record_->origin_bytes += chunk.data.size();
  out_.assign(chunk.data);
  if (chunk.last) {
    ended_ = true;
    const http::HeaderMap* const trailers = from_->trailers();
    if (record_ != nullptr && trailers != nullptr) record_->grpc_status = grpc_status_in(*trailers);
    out_ += trailer_frame(trailers);
  }
  if (as_text_) out_ = base64_encode(out_);
  return {out_, chunk.last, BodyError::none};
}

BodyChunk GrpcWebAnswer::take() { return ended_ ? BodyChunk{{}, true, BodyError::none} : convert(from_->take()); }

net::Task<BodyChunk> GrpcWebAnswer::read() {
  if (ended_) co_return BodyChunk{{}, true, BodyError::none};
  co_return convert(co_await from_->read());
}

GrpcWebTextRequest::GrpcWebTextRequest(http::BodySource& from, Arena& arena)
    : from_(from), out_(static_cast<char*>(arena.allocate(kOut, 1))) {}

bool GrpcWebTextRequest::decode(size_t& size) {
  size = 0;
  while (!in_.empty() && size + 3 <= kOut) {
    group_[group_size_++] = in_.front();
    in_.remove_prefix(1);
    if (group_size_ < 4) continue;
    group_size_ = 0;
    uint32_t bits = 0;
    size_t padding = 0;
    for (size_t i = 0; i < 4; ++i) {
      const int value = kValues[static_cast<unsigned char>(group_[i])];
      if (group_[i] == '=' && i >= 2)
        ++padding;
      else if (value < 0 || padding > 0)
        return false;
      bits = bits << 6 | static_cast<uint32_t>(value < 0 ? 0 : value);
    }
    for (size_t i = 0; i < 3 - padding; ++i) out_[size++] = static_cast<char>(bits >> (16 - 8 * i));
  }
  return true;
}

BodyChunk GrpcWebTextRequest::take() {
  for (;;) {
    size_t size = 0;
    if (!decode(size)) return {{}, false, BodyError::malformed};
    const bool ends = last_ && in_.empty();
    if (ends && group_size_ != 0) return {{}, false, BodyError::malformed};
    if (size > 0 || ends) return {{out_, size}, ends, BodyError::none};
    const BodyChunk chunk = from_.take();
    if (chunk.error != BodyError::none || !chunk.ready()) return chunk;
    in_ = chunk.data;
    last_ = chunk.last;
  }
}

net::Task<BodyChunk> GrpcWebTextRequest::read() {
  for (;;) {
    if (const BodyChunk chunk = take(); chunk.ready()) co_return chunk;
    const BodyChunk chunk = co_await from_.read();
    if (chunk.error != BodyError::none) co_return chunk;
    in_ = chunk.data;
    last_ = chunk.last;
  }
}

}  // namespace fl::proxy::middleware
