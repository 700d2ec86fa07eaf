// An answer's body under a content coding. Worker thread; lives as long as its exchange.
#pragma once

#include <memory>
#include <string>

#include "base/compression.h"
#include "http/body.h"

namespace fl::proxy::middleware {

class CompressedAnswer final : public http::BodySource {
 public:
  // Without a known length the server sends piece by piece, and whoever waits for a piece shall have it: what there is
  // of it is flushed whenever more would have to be waited for.
  // Bytes before compression are added to `received`, which outlives it; null: not counted.
  CompressedAnswer(std::unique_ptr<http::BodySource> from, ContentCoding coding, uint64_t* received)
      : from_(std::move(from)),
        flushes_(!from_->remaining()),
        compressor_(Compressor::make(coding)),
        received_(received) {}

  http::BodyChunk take() override;
  net::Task<http::BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override { return std::nullopt; }
  const http::HeaderMap* trailers() const override { return from_->trailers(); }
  void abandon() noexcept override { from_->abandon(); }

 private:
  void put_in(const http::BodyChunk& chunk);

  std::unique_ptr<http::BodySource> from_;
  const bool flushes_;
  std::unique_ptr<Compressor> compressor_;
  uint64_t* const received_;
  std::string_view in_;  // of from_'s last chunk, not compressed yet
  bool last_ = false;    // it was from_'s last
  bool held_ = false;    // the compressor may hold bytes that are not in out_
  bool ended_ = false;
  std::string out_;
};

}  // namespace fl::proxy::middleware
