#include "http/h1/message_writer.h"

#include <sys/resource.h>

#include <cstring>
#include <optional>
#include <thread>

#include "http/h1/body_reader.h"
#include "support/loop_fixture.h"

namespace fl::http::h1 {
namespace {

// Passes a body of a length on from one connection to another.
class PassOn : public testing::LoopFixture {
 public:
  void TestBody() override {}

  SendResult run(const std::string& body, bool may_open_files) {
    auto [from, from_peer] = make_pair();
    auto [to, to_peer] = make_pair();
    net::InBuffer in;
    BodyReader reader(*from, in);
    reader.start(Framing::length, body.size());
    std::optional<SendResult> result;
    const auto send = [](net::Stream& s, BodySource& source, uint64_t length,
                         std::optional<SendResult>& out) -> net::Task<> {
      HeadBytes head;
      std::memcpy(head.reserve(5), "head;", 5);
      head.set_size(5);
      out = co_await send_message(s, head, &source, Framing::length, length);
    };
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    if (!may_open_files) ::setrlimit(RLIMIT_NOFILE, &none);
    net::spawn(send(*to, reader, body.size(), result));
    from_peer->send(body);
    EXPECT_TRUE(turn_until([&] { return result && to_peer->received.size() == body.size() + 5; }));
    ::setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_TRUE(to_peer->received == "head;" + body);
    EXPECT_TRUE(reader.ended());
    return result.value_or(SendResult{});
  }
};

// In a thread of its own, which has no pipes left from other transfers.
TEST(MessageWriter, CopiesWhenNoPipeIsToBeHad) {
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "the sanitizer itself needs pipes to look at memory";
#endif
  std::thread([] {
    PassOn pass_on;
    const std::string body(3 << 20, 'x');
    EXPECT_EQ(pass_on.run(body, false).body_bytes, body.size());
    EXPECT_EQ(pass_on.run(body, true).body_bytes, body.size());
  }).join();
}

}  // namespace
}  // namespace fl::http::h1
