#include "base/compression.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <utility>

#include "base/check.h"

namespace fl {
namespace {

constexpr size_t kStep = 16 << 10;  // of output at a time

// Levels: where each coding compresses text at some 50-100 MB/s a core.
constexpr int kGzipLevel = 5;
constexpr int kBrotliQuality = 4;
constexpr int kZstdLevel = 3;
constexpr int kWindowBits = 18;  // brotli and zstd; gzip has 15

class Gzip final : public Compressor {
 public:
  Gzip() {
    constexpr int kWithGzipHeader = 15 + 16;
    FL_CHECK(::deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kWithGzipHeader, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~Gzip() override { ::deflateEnd(&stream_); }

  void write(std::string_view in, Until until, std::string& out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    const int flush = until == Until::ended ? Z_FINISH : until == Until::flushed ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    std::array<char, kStep> step;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(step.data());
      stream_.avail_out = kStep;
      FL_CHECK(::deflate(&stream_, flush) != Z_STREAM_ERROR);
      out.append(step.data(), kStep - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_{};
};

class Brotli final : public Compressor {
 public:
  Brotli() : state_(::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    FL_CHECK(state_ != nullptr);
    ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, kBrotliQuality);
    ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_LGWIN, kWindowBits);
  }
  ~Brotli() override { ::BrotliEncoderDestroyInstance(state_); }

  void write(std::string_view in, Until until, std::string& out) override {
    const auto operation = until == Until::ended     ? BROTLI_OPERATION_FINISH
                           : until == Until::flushed ? BROTLI_OPERATION_FLUSH
                                                     : BROTLI_OPERATION_PROCESS;
    auto next = reinterpret_cast<const uint8_t*>(in.data());
    size_t left = in.size();
    do {
      size_t none = 0;
      FL_CHECK(::BrotliEncoderCompressStream(state_, operation, &left, &next, &none, nullptr, nullptr) == BROTLI_TRUE);
      while (::BrotliEncoderHasMoreOutput(state_) == BROTLI_TRUE) {
        size_t size = 0;
        const uint8_t* const data = ::BrotliEncoderTakeOutput(state_, &size);
        out.append(reinterpret_cast<const char*>(data), size);
      }
    } while (left > 0 || (until == Until::ended && ::BrotliEncoderIsFinished(state_) != BROTLI_TRUE));
  }

 private:
  BrotliEncoderState* state_;
};

class Zstd final : public Compressor {
 public:
  Zstd() : context_(::ZSTD_createCCtx()) {
    FL_CHECK(context_ != nullptr);
    ::ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kZstdLevel);
    ::ZSTD_CCtx_setParameter(context_, ZSTD_c_windowLog, kWindowBits);
  }
  ~Zstd() override { ::ZSTD_freeCCtx(context_); }

  void write(std::string_view in, Until until, std::string& out) override {
    const auto directive = until == Until::ended     ? ZSTD_e_end
                           : until == Until::flushed ? ZSTD_e_flush
                                                     : ZSTD_e_continue;
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    std::array<char, kStep> step;
    for (;;) {
      ZSTD_outBuffer output{step.data(), kStep, 0};
      const size_t left = ::ZSTD_compressStream2(context_, &output, &input, directive);
      FL_CHECK(::ZSTD_isError(left) == 0);
      out.append(step.data(), output.pos);
      if (until == Until::convenient ? input.pos == input.size : left == 0) return;
    }
  }

 private:
  ZSTD_CCtx* context_;
};

}  // namespace

std::string_view to_string(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::gzip: return "gzip";
    case ContentCoding::br: return "br";
    case ContentCoding::zstd: return "zstd";
  }
  std::unreachable();
}

std::optional<ContentCoding> parse_content_coding(std::string_view name) {
  for (const auto coding : {ContentCoding::gzip, ContentCoding::br, ContentCoding::zstd})
    if (name == to_string(coding)) return coding;
  return std::nullopt;
}

std::unique_ptr<Compressor> Compressor::make(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::gzip: return std::make_unique<Gzip>();
    case ContentCoding::br: return std::make_unique<Brotli>();
    case ContentCoding::zstd: return std::make_unique<Zstd>();
  }
  std::unreachable();
}

}  // namespace fl
