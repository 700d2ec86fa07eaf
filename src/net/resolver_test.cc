#include "net/resolver.h"

#include "support/loop_fixture.h"

namespace fl::net {
namespace {

class ResolverTest : public testing::LoopFixture {
 protected:
  using Answer = std::optional<Result<std::vector<IpAddress>>>;
  Task<> ask(std::string name, Answer& out) { out = co_await resolver.resolve(name); }
  Answer answer_to(const std::string& name) {
    Answer out;
    spawn(ask(name, out));
    EXPECT_TRUE(turn_until([&] {
      clock.elapsed += 10ms;  // the library's own time limits
      return out.has_value();
    }));
    return out;
  }
  Resolver resolver{loop};
};

TEST_F(ResolverTest, Literals) {
  for (const auto text : {"10.1.2.3", "::1"}) {
    const auto answer = answer_to(text);
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(answer->value(), std::vector<IpAddress>{*IpAddress::parse(text)});
    EXPECT_NE(resolver.cached(text), nullptr);
  }
}

TEST_F(ResolverTest, Localhost) {
  const auto answer = answer_to("localhost");
  ASSERT_TRUE(answer && *answer) << answer->error().message;
  EXPECT_TRUE(answer->value().front().is_loopback());
  EXPECT_NE(resolver.cached("localhost"), nullptr);
  clock.elapsed += 61s;
  loop.turn(false);
  EXPECT_EQ(resolver.cached("localhost"), nullptr);
}

TEST_F(ResolverTest, UnknownNameAndNoName) {
  for (const auto name : {"does-not-exist.invalid", "", "a..b"}) {
    const auto answer = answer_to(name);
    ASSERT_TRUE(answer);
    ASSERT_FALSE(*answer) << name;
    EXPECT_NE(answer->error().message.find(name), std::string::npos);
  }
}

TEST_F(ResolverTest, QuestionsForOneNameShareAnAnswer) {
  Answer first, second;
  spawn(ask("does-not-exist.invalid", first));
  spawn(ask("does-not-exist.invalid", second));
  ASSERT_TRUE(turn_until([&] {
    clock.elapsed += 10ms;
    return first && second;
  }));
  EXPECT_EQ(first->has_value(), second->has_value());
}

}  // namespace
}  // namespace fl::net
