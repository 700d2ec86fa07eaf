#include "base/compression.h"

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

namespace fl {
namespace {

using Until = Compressor::Until;

// What can be read of a stream that may not have ended.
std::string decode(ContentCoding coding, std::string_view in) {
  std::string out(4 << 20, '\0');
  if (coding == ContentCoding::gzip) {
    z_stream stream{};
    EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_GE(::inflate(&stream, Z_SYNC_FLUSH), 0);
    out.resize(stream.total_out);
    ::inflateEnd(&stream);
  } else if (coding == ContentCoding::br) {
    auto* const state = ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
    size_t in_left = in.size(), out_left = out.size(), total = 0;
    auto next_in = reinterpret_cast<const uint8_t*>(in.data());
    auto next_out = reinterpret_cast<uint8_t*>(out.data());
    EXPECT_NE(::BrotliDecoderDecompressStream(state, &in_left, &next_in, &out_left, &next_out, &total),
              BROTLI_DECODER_RESULT_ERROR);
    out.resize(total);
    ::BrotliDecoderDestroyInstance(state);
  } else {
    auto* const context = ::ZSTD_createDCtx();
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    while (input.pos < input.size) EXPECT_EQ(::ZSTD_isError(::ZSTD_decompressStream(context, &output, &input)), 0u);
    out.resize(output.pos);
    ::ZSTD_freeDCtx(context);
  }
  return out;
}

class EveryCoding : public testing::TestWithParam<ContentCoding> {};
INSTANTIATE_TEST_SUITE_P(, EveryCoding, testing::Values(ContentCoding::gzip, ContentCoding::br, ContentCoding::zstd),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(EveryCoding, GivesBackWhatWentIn) {
  std::string noise(300'000, '\0');
  std::mt19937 random(1);
  for (char& c : noise) c = static_cast<char>(random());
  for (const std::string& text : {std::string(), std::string("a"), std::string(1'000'000, 'x'), noise}) {
    const auto compressor = Compressor::make(GetParam());
    std::string out;
    for (size_t at = 0; at < text.size(); at += 10'000)
      compressor->write(std::string_view(text).substr(at, 10'000), Until::convenient, out);
    compressor->write({}, Until::ended, out);
    EXPECT_EQ(decode(GetParam(), out), text);
    EXPECT_LE(out.size(), text.size() + text.size() / 100 + 64);
  }
}

TEST_P(EveryCoding, AllThatWasFlushedCanBeRead) {
  const auto compressor = Compressor::make(GetParam());
  std::string out, text;
  for (int i = 0; i < 20; ++i) {
    const std::string line = "data: " + std::to_string(i) + "\n\n";
    text += line;
    compressor->write(line, Until::flushed, out);
    EXPECT_EQ(decode(GetParam(), out), text);
  }
}

TEST(ContentCoding, Names) {
  EXPECT_EQ(parse_content_coding("br"), ContentCoding::br);
  EXPECT_EQ(parse_content_coding("GZIP"), std::nullopt);
  EXPECT_EQ(parse_content_coding("deflate"), std::nullopt);
}

}  // namespace
}  // namespace fl
