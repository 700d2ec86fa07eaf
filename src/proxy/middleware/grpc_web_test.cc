#include "proxy/middleware/grpc_web.h"

#include "base/crypto.h"
#include "proxy/middleware/exchange_for_test.h"
#include "proxy/middleware/grpc_web_body.h"

namespace fl::proxy::middleware {
namespace {

using http::BodyChunk;
using http::BodyError;

// Chunks, all at hand, and trailers behind them.
class Chunks final : public http::BodySource {
 public:
  explicit Chunks(std::vector<std::string> chunks, Fields trailers = {}) : chunks_(std::move(chunks)) {
    for (const auto& [name, value] : trailers) {
      texts_.push_back(std::make_unique<std::pair<std::string, std::string>>(name, value));
      fields_.append(texts_.back()->first, texts_.back()->second);
    }
  }
  BodyChunk take() override {
    const size_t i = next_++;
    return {i < chunks_.size() ? std::string_view(chunks_[i]) : "", i + 1 >= chunks_.size(), BodyError::none};
  }
  net::Task<BodyChunk> read() override { co_return take(); }
  std::optional<uint64_t> remaining() const override { return std::nullopt; }
  const http::HeaderMap* trailers() const override { return &fields_; }

 private:
  std::vector<std::string> chunks_;
  std::vector<std::unique_ptr<std::pair<std::string, std::string>>> texts_;
  http::HeaderMap fields_;
  size_t next_ = 0;
};

std::string read_all(http::BodySource& body, BodyError* error = nullptr) {
  std::string all;
  for (;;) {
    const BodyChunk chunk = body.take();
    all += chunk.data;
    if (error != nullptr) *error = chunk.error;
    if (chunk.last || chunk.error != BodyError::none) return all;
  }
}

// A gRPC server that echoes.
class Server final : public http::Handler {
 public:
  net::Task<> handle(http::Exchange& x) const override {
    seen_type = joined(x.request.headers, "Content-Type");
    seen_te = joined(x.request.headers, "TE");
    seen_body = x.request_body != nullptr ? read_all(*x.request_body) : "";
    x.response.status = 200;
    x.response.headers.append("Content-Type", "application/grpc+proto");
    x.response.headers.append("X-Mine", "1");
    x.response.framing = http::Framing::chunked;
    x.response_body = std::make_unique<Chunks>(std::vector<std::string>{"first", "second"},
                                               Fields{{"Grpc-Status", "0"}, {"Content-Length", "1"}});
    co_return;
  }
  mutable std::string seen_type, seen_te, seen_body;
};

const std::string kTrailers = std::string("\x80\0\0\0\x10", 5) + "grpc-status: 0\r\n";

HandlerPtr make(std::vector<std::string> origins, HandlerPtr next) {
  return *make_grpc_web({.allow_origins = std::move(origins)}, std::move(next));
}

TEST(GrpcWeb, RecordsWhatTheServerSent) {
  telemetry::RequestRecord record;
  GrpcWebAnswer answer(std::make_unique<Chunks>(std::vector<std::string>{"abc"}, Fields{{"Grpc-Status", "7"}}), true,
                       &record);
  read_all(answer);
  EXPECT_EQ(record.origin_bytes, 3U);
  EXPECT_EQ(record.grpc_status, 7);
}

TEST(GrpcWeb, BinaryBothWays) {
  const auto server = std::make_shared<Server>();
  ExchangeForTest x("/a.B/C", {{"Content-Type", "application/grpc-web+proto"}});
  x.set_method("POST");
  Chunks body({"message"});
  x.request_body = &body;
  run(make({}, server), x);
  EXPECT_EQ(server->seen_type, "application/grpc+proto");
  EXPECT_EQ(server->seen_te, "trailers");
  EXPECT_EQ(server->seen_body, "message");
  EXPECT_EQ(joined(x.response.headers, "Content-Type"), "application/grpc-web+proto");
  EXPECT_EQ(read_all(*x.response_body), "firstsecond" + kTrailers);
  EXPECT_EQ(joined(x.response.headers, "Access-Control-Allow-Origin"), "(none)");
}

TEST(GrpcWeb, TextBothWays) {
  const auto server = std::make_shared<Server>();
  ExchangeForTest x("/a.B/C", {{"Content-Type", "application/grpc-web-text"}, {"Origin", "https://page.test"}});
  x.set_method("POST");
  Chunks body({"bWVz", "c2", "FnZQ=", "=YWdhaW4="});  // two pieces, each padded
  x.request_body = &body;
  run(make({"https://page.test"}, server), x);
  EXPECT_EQ(server->seen_body, "messageagain");
  EXPECT_EQ(x.request.framing, http::Framing::chunked);
  EXPECT_EQ(joined(x.response.headers, "Content-Type"), "application/grpc-web-text+proto");
  EXPECT_EQ(read_all(*x.response_body), base64_encode("first") + base64_encode("second" + kTrailers));
  EXPECT_EQ(joined(x.response.headers, "Access-Control-Allow-Origin"), "https://page.test");
  EXPECT_EQ(joined(x.response.headers, "Access-Control-Expose-Headers"), "grpc-status, grpc-message, x-mine");
}

TEST(GrpcWeb, BadBase64IsMalformed) {
  for (const std::string text : {"a", "abc", "a===", "ab=c", "****", "abcd="}) {
    Arena arena;
    Chunks from({text});
    GrpcWebTextRequest body(from, arena);
    BodyError error = BodyError::none;
    read_all(body, &error);
    EXPECT_EQ(error, BodyError::malformed) << text;
  }
}

TEST(GrpcWeb, LargeTextComesInPieces) {
  const std::string message(100'000, 'm');
  Arena arena;
  Chunks from({base64_encode(message)});
  GrpcWebTextRequest body(from, arena);
  EXPECT_EQ(read_all(body), message);
}

TEST(GrpcWeb, EverythingElsePasses) {
  for (const std::string type : {"application/grpc", "application/grpc-webx", "application/json", ""}) {
    const auto next = std::make_shared<NextForTest>();
    ExchangeForTest x("/", {{"Content-Type", type}, {"Origin", "https://page.test"}});
    x.set_method("POST");
    run(make({"*"}, next), x);
    EXPECT_EQ(x.body(), "next");
    EXPECT_EQ(joined(x.request.headers, "Content-Type"), type);
    EXPECT_EQ(joined(x.response.headers, "Vary"), "(none)");
  }
}

TEST(GrpcWeb, Preflights) {
  const struct {
    std::vector<std::string> origins;
    Fields fields;
    int calls;
    std::string allowed;
  } cases[] = {
      {{"*"}, {{"Access-Control-Request-Headers", "content-type,x-grpc-web"}, {"Origin", "https://a"}}, 0, "https://a"},
      {{"https://b"}, {{"Access-Control-Request-Headers", "x-grpc-web"}, {"Origin", "https://a"}}, 0, "(none)"},
      {{}, {{"Access-Control-Request-Headers", "X-Grpc-Web"}, {"Origin", "https://a"}}, 0, "(none)"},
      {{"*"}, {{"Access-Control-Request-Headers", "content-type"}, {"Origin", "https://a"}}, 1, "(none)"},
      {{"*"}, {}, 1, "(none)"},
  };
  for (const auto& c : cases) {
    const auto next = std::make_shared<NextForTest>();
    ExchangeForTest x("/", c.fields);
    x.set_method("OPTIONS");
    run(make(c.origins, next), x);
    EXPECT_EQ(next->calls, c.calls);
    EXPECT_EQ(joined(x.response.headers, "Access-Control-Allow-Origin"), c.allowed);
    if (c.calls == 0) EXPECT_EQ(x.response.status, 204);
  }
}

}  // namespace
}  // namespace fl::proxy::middleware
