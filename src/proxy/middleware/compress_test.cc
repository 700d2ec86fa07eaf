#include "proxy/middleware/compress.h"

#include <gtest/gtest.h>

#include "proxy/middleware/exchange_for_test.h"

namespace fl::proxy::middleware {
namespace {

using config::dynamic::Compress;

// Answers 2,000 bytes with the given status and fields.
class Long final : public http::Handler {
 public:
  Long(uint16_t status, Fields fields) : status_(status), fields_(std::move(fields)) {}
  net::Task<> handle(http::Exchange& x) const override {
    x.respond_owned(status_, std::string(2000, 'x'), "text/plain");
    for (const auto& [name, value] : fields_) x.response.headers.set(name, value);
    co_return;
  }

 private:
  const uint16_t status_;
  const Fields fields_;
};

struct Case {
  Compress options;
  Fields request;
  std::string_view coding;  // of the answer
  uint16_t status = 200;
  Fields answer = {};
};

TEST(Compress, WhichCoding) {
  const std::vector<std::string> br_first{"br", "gzip"};
  for (const auto& [options, request, coding, status, answer] : std::vector<Case>{
           {{}, {}, "(none)"},
           {{.default_encoding = "br"}, {}, "br"},
           {{.default_encoding = "gzip"}, {}, "(none)"},  // as with *
           {{}, {{"Accept-Encoding", ""}}, "(none)"},
           {{}, {{"Accept-Encoding", "identity"}}, "(none)"},
           {{}, {{"Accept-Encoding", "zstd, br, gzip"}}, "gzip"},
           {{.encodings = br_first}, {{"Accept-Encoding", "gzip, zstd"}, {"Accept-Encoding", "br"}}, "br"},
           {{}, {{"Accept-Encoding", "gzip;q=0.5, br; q=0.8"}}, "br"},
           {{}, {{"Accept-Encoding", "gzip;q=0, br;q=0"}}, "(none)"},
           {{}, {{"Accept-Encoding", "identity, gzip;q=0.5"}}, "(none)"},
           {{}, {{"Accept-Encoding", "gzip;q=x, br;q="}}, "(none)"},
           {{}, {{"Accept-Encoding", "*"}}, "(none)"},
           {{.encodings = br_first}, {{"Accept-Encoding", "*"}}, "br"},
           {{.default_encoding = "zstd"}, {{"Accept-Encoding", "*, gzip;q=0.9"}}, "zstd"},
           {{}, {{"Accept-Encoding", "*;q=0.1, gzip"}}, "gzip"},
           {{}, {{"Accept-Encoding", "x-gzip"}}, "(none)"},
           // what is never compressed
           {{.min_response_body_bytes = 2001}, {{"Accept-Encoding", "gzip"}}, "(none)"},
           {{.min_response_body_bytes = 2000}, {{"Accept-Encoding", "gzip"}}, "gzip"},
           {{}, {{"Accept-Encoding", "gzip"}}, "deflate", 200, {{"Content-Encoding", "deflate"}}},
           {{}, {{"Accept-Encoding", "gzip"}}, "(none)", 206},
           {{}, {{"Accept-Encoding", "gzip"}}, "(none)", 200, {{"Cache-Control", "private, no-transform"}}},
           {{}, {{"Accept-Encoding", "gzip"}}, "(none)", 200, {{"Content-Type", "application/grpc+proto"}}},
           {{}, {{"Accept-Encoding", "gzip"}}, "(none)", 200, {{"Content-Type", "no type"}}},
           {{}, {{"Accept-Encoding", "gzip"}, {"Content-Type", "application/grpc"}}, "(none)"},
           {{}, {{"Accept-Encoding", "gzip"}}, "gzip", 404},
           // types
           {{.excluded_content_types = {"text/plain; a=b"}}, {{"Accept-Encoding", "br"}}, "(none)"},
           {{.excluded_content_types = {"text/html"}}, {{"Accept-Encoding", "br"}}, "br"},
           {{.included_content_types = {"text/html"}}, {{"Accept-Encoding", "br"}}, "(none)"},
           {{.included_content_types = {"Text/Plain"}}, {{"Accept-Encoding", "br"}}, "br"},
       }) {
    ExchangeForTest x("/", request);
    const auto handler = make_compress(options, std::make_shared<Long>(status, answer));
    ASSERT_TRUE(handler) << handler.error().message;
    run(*handler, x);
    EXPECT_EQ(joined(x.response.headers, "Content-Encoding"), coding) << joined(x.request.headers, "Accept-Encoding");
    EXPECT_EQ(x.response.status, status);
    const bool compressed = coding != "(none)" && coding != "deflate";
    EXPECT_EQ(x.response_body->remaining().has_value(), !compressed);
    EXPECT_EQ(x.body().size() < 2000, compressed);
  }
}

TEST(Compress, TheHeadOfACompressedAnswer) {
  ExchangeForTest x("/", {{"Accept-Encoding", "zstd"}});
  run(*make_compress({}, std::make_shared<Long>(200, Fields{{"ETag", "\"1\""}, {"Accept-Ranges", "bytes"}})), x);
  EXPECT_EQ(joined(x.response.headers, "Vary"), "Accept-Encoding");
  EXPECT_EQ(joined(x.response.headers, "ETag"), "W/\"1\"");
  EXPECT_EQ(joined(x.response.headers, "Accept-Ranges"), "(none)");
  EXPECT_EQ(joined(x.response.headers, "Content-Length"), "(none)");
  EXPECT_EQ(x.response.framing, http::Framing::chunked);

  ExchangeForTest small("/", {{"Accept-Encoding", "zstd"}});
  run(*make_compress({}, std::make_shared<NextForTest>(Fields{{"Vary", "origin, accept-encoding"}})), small);
  EXPECT_EQ(joined(small.response.headers, "Vary"), "origin, accept-encoding");
  EXPECT_EQ(small.body(), "next");

  ExchangeForTest head("/", {{"Accept-Encoding", "zstd"}});
  head.set_method("HEAD");
  run(*make_compress({}, std::make_shared<Long>(200, Fields{})), head);
  EXPECT_EQ(joined(head.response.headers, "Vary"), "(none)");
}

TEST(Compress, OptionsThatMakeNoSense) {
  const auto next = std::make_shared<NextForTest>();
  for (const auto& [options, error] : std::vector<std::pair<Compress, std::string_view>>{
           {{.excluded_content_types = {"a/b"}, .included_content_types = {"a/c"}}, "mutually exclusive"},
           {{.excluded_content_types = {"text"}}, "excludedContentTypes: \"text\" is not a media type"},
           {{.included_content_types = {"a b/c"}}, "includedContentTypes: \"a b/c\" is not a media type"},
           {{.encodings = {}}, "at least one encoding"},
           {{.encodings = {"deflate"}}, "unsupported encoding: deflate"},
           {{.encodings = {"gzip"}, .default_encoding = "br"}, "unsupported default encoding: br"},
       }) {
    const auto handler = make_compress(options, next);
    ASSERT_FALSE(handler) << error;
    EXPECT_NE(handler.error().message.find(error), std::string::npos) << handler.error().message;
  }
}

// A body that comes in pieces, the next one only when asked to wait.
class Pieces final : public http::BodySource {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  http::BodyChunk take() override { return {}; }
  net::Task<http::BodyChunk> read() override {
    const size_t i = next_++;
    co_return http::BodyChunk{i < pieces_.size() ? std::string_view(pieces_[i]) : std::string_view{},
                              i >= pieces_.size(), http::BodyError::none};
  }
  std::optional<uint64_t> remaining() const override { return std::nullopt; }

 private:
  std::vector<std::string> pieces_;
  size_t next_ = 0;
};

class Events final : public http::Handler {
 public:
  net::Task<> handle(http::Exchange& x) const override {
    x.respond(200, {}, "text/event-stream");
    x.response.framing = http::Framing::chunked;
    x.response.has_content_length = false;
    x.response_body = std::make_unique<Pieces>(std::vector<std::string>{"data: 1\n\n", "data: 2\n\n"});
    co_return;
  }
};

net::Task<> read_one(http::BodySource& from, size_t& size, bool& last) {
  const http::BodyChunk chunk = co_await from.read();
  size = chunk.data.size();
  last = chunk.last;
}

TEST(Compress, EachPieceOfAStreamIsFlushed) {
  ExchangeForTest x("/", {{"Accept-Encoding", "gzip"}});
  run(*make_compress({}, std::make_shared<Events>()), x);
  for (const bool at_end : {false, false, true}) {
    size_t size = 0;
    bool last = !at_end;
    net::spawn(read_one(*x.response_body, size, last));
    EXPECT_GT(size, 0u);
    EXPECT_EQ(last, at_end);
  }
}

}  // namespace
}  // namespace fl::proxy::middleware
