#include "proxy/middleware/content_type.h"

#include "proxy/middleware/exchange_for_test.h"

namespace fl::proxy::middleware {
namespace {

// Answers with a body that has to be waited for, in two pieces.
class InPieces final : public http::Handler {
 public:
  net::Task<> handle(http::Exchange& x) const override {
    x.response.status = 200;
    x.response.framing = http::Framing::chunked;
    x.response_body = std::make_unique<Body>();
    co_return;
  }

 private:
  class Body final : public http::BodySource {
   public:
    http::BodyChunk take() override { return {}; }
    net::Task<http::BodyChunk> read() override {
      static constexpr std::string_view kPieces[] = {"<html>", "</html>"};
      const size_t n = at_++;
      co_return http::BodyChunk{kPieces[n], n == 1};
    }
    std::optional<uint64_t> remaining() const override { return std::nullopt; }

   private:
    size_t at_ = 0;
  };
};

TEST(ContentType, GuessesWhatIsMissing) {
  struct Case {
    Fields fields;
    std::string_view type;
  };
  for (const Case& c : std::initializer_list<Case>{{{}, "text/plain; charset=utf-8"},
                                                   {{{"Content-Type", "a/b"}}, "a/b"},
                                                   {{{"Content-Type", ""}}, ""},
                                                   {{{"Content-Encoding", "gzip"}}, "(none)"}}) {
    ExchangeForTest x;
    run(*make_content_type({}, std::make_shared<NextForTest>(c.fields)), x);
    EXPECT_EQ(joined(x.response.headers, "Content-Type"), c.type);
    EXPECT_EQ(x.response_body->remaining(), 4u) << "nothing of the body is lost";
    EXPECT_EQ(x.body(), "next");
  }
}

TEST(ContentType, BodyWaitedFor) {
  ExchangeForTest x;
  run(*make_content_type({}, std::make_shared<InPieces>()), x);
  EXPECT_EQ(joined(x.response.headers, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(x.body(), "<html>");
  EXPECT_FALSE(x.response_body->take().ready()) << "the rest is waited for, as before";
}

}  // namespace
}  // namespace fl::proxy::middleware
