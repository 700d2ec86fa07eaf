// Bodies of gRPC-Web. Worker thread; live as long as their exchange.
#pragma once

#include <memory>
#include <string>

#include "base/arena.h"
#include "http/body.h"
#include "telemetry/request_record.h"

namespace fl::proxy::middleware {

// An answer for a page: the server's frames, then its trailers as a frame of their own; all in base64 if asked.
class GrpcWebAnswer final : public http::BodySource {
 public:
  // What the server sent, bytes and status, goes into `record`, which outlives it; null: nobody asks.
  GrpcWebAnswer(std::unique_ptr<http::BodySource> from, bool as_text, telemetry::RequestRecord* record)
      : from_(std::move(from)), as_text_(as_text), record_(record) {}

  http::BodyChunk take() override;
  net::Task<http::BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override { return std::nullopt; }
  void abandon() noexcept override { from_->abandon(); }

 private:
  http::BodyChunk convert(const http::BodyChunk& chunk);

  std::unique_ptr<http::BodySource> from_;
  bool as_text_;
  telemetry::RequestRecord* const record_;
  bool ended_ = false;
  std::string out_;
};

// A request's body out of base64, which may be padded after each of the pieces it was made of. Its memory is the
// arena's, for an upload may outlast the handler: nothing in it needs a destructor.
class GrpcWebTextRequest final : public http::BodySource {
 public:
  GrpcWebTextRequest(http::BodySource& from, Arena& arena);

  http::BodyChunk take() override;
  net::Task<http::BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override { return std::nullopt; }
  void abandon() noexcept override { from_.abandon(); }

 private:
  static constexpr size_t kOut = 12 << 10;

  // Decodes what fits from in_. -> false: this is no base64
  bool decode(size_t& size);

  http::BodySource& from_;
  char* const out_;
  std::string_view in_;  // of from_'s last chunk
  bool last_ = false;    // it was from_'s last
  char group_[4];
  size_t group_size_ = 0;
};

}  // namespace fl::proxy::middleware
