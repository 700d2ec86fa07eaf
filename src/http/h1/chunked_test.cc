// Chunked bodies: what is accepted and refused, at once, byte by byte and in random pieces, in place.
#include "http/h1/chunked.h"

#include <gtest/gtest.h>

#include "http/h1/feed_for_test.h"

namespace fl::http::h1 {
namespace {

using namespace std::string_literals;

// "<data>|trailer: value + N bytes", "incomplete: <data>" or "failed: <why>".
template <class PieceSize>
std::string decode(std::string_view bytes, const ChunkLimits& limits, PieceSize piece_size) {
  ChunkedDecoder decoder(limits);
  std::string data;
  for (size_t at = 0; at < bytes.size();) {
    const size_t n = std::min(piece_size(), bytes.size() - at);
    const auto piece = exact_copy(bytes.substr(at, n));
    const auto step = decoder.decode(piece.get(), n);
    data += step.data;
    at += step.consumed;
    if (!step.data.empty() && (step.data.data() < piece.get() || step.data.end() > piece.get() + step.consumed))
      return "data lies outside of what was consumed";
    if (step.progress == Progress::failed) return "failed: " + std::string(decoder.error());
    if (step.progress == Progress::incomplete && step.consumed != n) return "bytes were left over";
    if (step.progress == Progress::done) {
      char more[] = "5\r\n";
      if (const auto after = decoder.decode(more, 3); after.consumed != 0 || after.progress != Progress::done)
        return "read on after the end";
      const std::string rest = at < bytes.size() ? " + " + std::to_string(bytes.size() - at) + " bytes" : "";
      return data + render_fields(decoder.trailers()) + rest;
    }
  }
  return "incomplete: " + data;
}

std::string decode(std::string_view bytes, const ChunkLimits& limits = {}) {
  const std::string whole = decode(bytes, limits, [&] { return bytes.size(); });
  const std::string trickled = decode(bytes, limits, [] { return size_t{1}; });
  if (trickled != whole) return "at once <" + whole + "> but byte by byte <" + trickled + ">";
  std::minstd_rand random(static_cast<unsigned>(bytes.size()) + 1);
  for (int i = 0; i < 5; ++i) {
    const std::string split = decode(bytes, limits, [&] { return 1 + random() % 9; });
    if (split != whole) return "at once <" + whole + "> but in pieces <" + split + ">";
  }
  return whole;
}

TEST(ChunkedDecoder, Decodes) {
  const std::pair<std::string, std::string> cases[] = {
      {"0\r\n\r\n", ""},
      {"5\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /", "hello world + 5 bytes"},
      {"5\r\na\r\nb\n\r\n0\r\n\r\n", "a\r\nb\n"},
      {"0005\r\nhello\r\n000\r\n\r\n", "hello"},
      {"000000000000000A\r\n0123456789\r\n0000000000000000\r\n\r\n", "0123456789"},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
      // Extensions end at CRLF, whatever is in them.
      {"5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", "hello"},
      {"5 \t ; a = b\r\nhello\r\n0 ;\r\n\r\n", "hello"},
      {"5;\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5;a=\"b\r\nhello\r\n0\r\n\r\n", "hello"},
      {"5;\xff\t\r\nhello\r\n0\r\n\r\n", "hello"},
      // Trailers.
      {"0\r\nX-T: 1\r\nContent-Length:  50 \r\nx-t:\r\n\r\nrest", "|X-T: 1|Content-Length: 50|x-t:  + 4 bytes"},
      {"1\r\na\r\n0\r\nX: a\tb:\xff\r\n\r\n", "a|X: a\tb:\xff"},
  };
  for (const auto& [bytes, body] : cases) EXPECT_EQ(decode(bytes), body) << bytes;
}

TEST(ChunkedDecoder, WaitsForTheEnd) {
  const std::string whole = "3;e\r\nabc\r\n0\r\nX: y\r\n\r\n";
  for (size_t n = 0; n < whole.size(); ++n)
    EXPECT_EQ(decode(whole.substr(0, n)), "incomplete: "s + "abc"s.substr(0, n < 5 ? 0 : n - 5)) << n;
}

TEST(ChunkedDecoder, Refuses) {
  const std::pair<std::string, std::string> cases[] = {
      {"0x5\r\nhello\r\n", "malformed chunk size"},
      {"+5\r\nhello\r\n", "malformed chunk size"},
      {"-5\r\n", "malformed chunk size"},
      {" 5\r\nhello\r\n", "malformed chunk size"},
      {"\t5\r\n", "malformed chunk size"},
      {"Z\r\n", "malformed chunk size"},
      {"5,\r\n", "malformed chunk size"},
      {"5these-bytes\r\n", "malformed chunk size"},
      {"\"5\"\r\n", "malformed chunk size"},
      {"5_0\r\n", "malformed chunk size"},
      {"5 ext\r\n", "malformed chunk size"},
      {"5 \r\nhello\r\n", "malformed chunk size"},
      {"5\t\r\n", "malformed chunk size"},
      {"5\nhello\r\n", "malformed chunk size"},
      {"5 \n", "malformed chunk size"},
      {"5\0\r\n"s, "malformed chunk size"},
      {"\r\n0\r\n\r\n", "malformed chunk size"},
      {";a\r\n", "malformed chunk size"},
      {"5\v\r\n", "malformed chunk size"},
      {"1\r\na\r\n\r\n", "malformed chunk size"},
      {"1\r\na\r\n;\r\n", "malformed chunk size"},

      {"10000000000000005\r\n", "chunk size is too large"},
      {"00000000000000005\r\n", "chunk size is too large"},
      {"fffffffffffffffb\r\n", "chunk size is too large"},
      {"8000000000000000\r\n", "chunk size is too large"},

      {"5\r\rhello", "chunk size line does not end in CRLF"},
      {"5\rhello", "chunk size line does not end in CRLF"},
      {"2\r\r;a\r\n", "chunk size line does not end in CRLF"},
      {"5;a\rb\r\n", "chunk size line does not end in CRLF"},
      {"0\n\r\n", "malformed chunk size"},

      {"2;\nxx\r\n", "control byte in a chunk extension"},
      {"2;a\0\r\n"s, "control byte in a chunk extension"},
      {"2;a\x7f\r\n", "control byte in a chunk extension"},

      {"5\r\nhello0\r\n\r\n", "chunk does not end in CRLF"},
      {"5\r\nhello\n0\r\n\r\n", "chunk does not end in CRLF"},
      {"5\r\nhello\r0\r\n", "chunk does not end in CRLF"},
      {"5\r\nhello\r\r\n", "chunk does not end in CRLF"},
      {"5\r\nhello world\r\n", "chunk does not end in CRLF"},

      {"0\r\nX-A : b\r\n", describe(ParseError::bad_field_name).data()},
      {"0\r\nX-A: b\r\n c\r\n", describe(ParseError::folded_field).data()},
      {"0\r\nGET / HTTP/1.1\r\n", describe(ParseError::bad_field_name).data()},
      {"0\r\nxx\r\n", describe(ParseError::bad_field_name).data()},
      {"0\r\n\n", "control byte in the trailers"},
      {"0\r\n\rx", "control byte in the trailers"},
      {"0\r\nX: a\n", "control byte in the trailers"},
      {"0\r\nX: a\0b\r\n"s, "control byte in the trailers"},
  };
  for (const auto& [bytes, why] : cases) EXPECT_EQ(decode(bytes), "failed: " + why) << bytes;
}

TEST(ChunkedDecoder, Limits) {
  const ChunkLimits limits{.max_extension_bytes = 10, .max_trailer_bytes = 20, .max_trailers = 2};
  EXPECT_EQ(decode("1;23456789ab\r\nx\r\n0\r\n\r\n", limits), "x");
  EXPECT_EQ(decode("1;23456789abc\r\nx\r\n", limits), "failed: too many chunk extensions");
  EXPECT_EQ(decode("1            ;\r\nx\r\n", limits), "failed: too many chunk extensions");
  // Before the line ends; and what the size promises does not count before the data is here.
  EXPECT_EQ(decode("fffff;" + std::string(50, 'a'), limits), "failed: too many chunk extensions");
  // Extensions may go on as long as the data outweighs them.
  std::string small, large;
  for (int i = 0; i < 20; ++i) {
    small += "1;aa\r\nx\r\n";
    large += "2;aa\r\nxx\r\n";
  }
  EXPECT_EQ(decode(small + "0\r\n\r\n", limits), "failed: too many chunk extensions");
  EXPECT_EQ(decode(large + "0\r\n\r\n", limits), std::string(40, 'x'));

  EXPECT_EQ(decode("0\r\nA:b\r\nC:d\r\n\r\n", limits), "|A: b|C: d");
  EXPECT_EQ(decode("0\r\nA:b\r\nC:d\r\nE:f\r\n\r\n", limits), "failed: too many trailers");
  EXPECT_EQ(decode("0\r\nA: 3456789012345678\r\n\r\n", limits), "failed: trailers are too large");
  EXPECT_EQ(decode("0\r\n" + std::string(50, 'A'), limits), "failed: trailers are too large");
}

TEST(ChunkedDecoder, LeavesTheFirstRunInPlace) {
  std::string bytes = "4\r\nabcd\r\n2\r\nef\r\n5\r\ngh";
  ChunkedDecoder decoder;
  auto step = decoder.decode(bytes.data(), bytes.size());
  EXPECT_EQ(step.data, "abcdefgh");
  EXPECT_EQ(step.data.data(), bytes.data() + 3);
  bytes = "ijk\r\n0\r\n\r\n";
  step = decoder.decode(bytes.data(), bytes.size());
  EXPECT_EQ(step.data, "ijk");
  EXPECT_EQ(step.progress, Progress::done);
  decoder.reset();
  bytes = "0\r\nA: b\r\n\r\n";
  EXPECT_EQ(decoder.decode(bytes.data(), bytes.size()).progress, Progress::done);
  EXPECT_EQ(decoder.trailers().size(), 1U);
}

TEST(WriteChunkHead, Hexadecimal) {
  for (const auto& [size, head] : {std::pair<uint64_t, std::string>{0, "0\r\n"},
                                   {9, "9\r\n"},
                                   {15, "f\r\n"},
                                   {16, "10\r\n"},
                                   {0x1a2b, "1a2b\r\n"},
                                   {UINT64_MAX, "ffffffffffffffff\r\n"}}) {
    char out[kMaxChunkHeadBytes];
    EXPECT_EQ(std::string(out, write_chunk_head(out, size)), head);
  }
}

}  // namespace
}  // namespace fl::http::h1
