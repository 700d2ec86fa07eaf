#include "net/resolver.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>

#include "support/loop_fixture.h"
#include "support/temporary_directory.h"

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

TEST_F(ResolverTest, EachAnswerBeginsWithTheNextAddress) {
  const TemporaryDirectory directory;
  const std::string hosts = directory.path() + "/hosts";
  std::ofstream(hosts) << "10.0.0.3 many\nfd00::2 many\n10.0.0.1 many\nfd00::1 many\n10.0.0.2 many\n";
  ::setenv("CARES_HOSTS", hosts.c_str(), 1);
  const auto text = [](const std::vector<IpAddress>& all) {
    std::string out;
    for (const IpAddress& ip : all) out += ip.to_string() + " ";
    return out;
  };
  Answer first, second;
  spawn(ask("many", first));
  spawn(ask("many", second));
  ASSERT_TRUE(turn_until([&] { return first && second; }));
  ::unsetenv("CARES_HOSTS");
  ASSERT_TRUE(*first && *second);
  std::vector<std::string> seen{text(first->value()), text(second->value())};
  for (int i = 0; i < 2; ++i) seen.push_back(text(*resolver.cached("many")));
  std::ranges::sort(seen);
  EXPECT_EQ(seen.front(), "10.0.0.1 10.0.0.2 10.0.0.3 fd00::1 fd00::2 ");
  for (const std::string_view begin :
       {"10.0.0.1 10.0.0.2 10.0.0.3 fd00", "10.0.0.2 10.0.0.3 10.0.0.1 fd00", "10.0.0.3 10.0.0.1 10.0.0.2 fd00"})
    EXPECT_TRUE(std::ranges::any_of(seen, [begin](const auto& s) { return s.starts_with(begin); })) << begin;
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
