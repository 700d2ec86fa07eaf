#include "net/alias_resolver.h"

#include <optional>

#include "support/loop_fixture.h"
#include "support/name_server.h"

namespace fl::net {
namespace {

class AliasTest : public testing::LoopFixture {
 protected:
  AliasTest() { server.cnames = {{"www.shop.test", "shop.cdn.test"}, {"shop.cdn.test", "Edge.cdn.test"}}; }
  // -> what the name is an alias of; "?" when nothing is said within `patience`
  std::string ask(AliasResolver& resolver, std::string name, Duration patience = 1h) {
    std::optional<std::string> out;
    spawn([](AliasResolver& r, std::string n, TimePoint until, std::optional<std::string>& o) -> Task<> {
      o = co_await r.alias_of(std::move(n), until);
    }(resolver, std::move(name), loop.now() + patience, out));
    if (patience < 1h) {
      quiesce();
      EXPECT_FALSE(out.has_value());
      pass(patience);
    }
    EXPECT_TRUE(turn_until([&] { return out.has_value(); }));
    return out.value_or("?");
  }

  testing::NameServer server{loop};
};

TEST_F(AliasTest, TheEndOfTheChain) {
  AliasResolver resolver(loop, server.options());
  EXPECT_EQ(resolver.known("www.shop.test"), nullptr);
  EXPECT_EQ(ask(resolver, "www.shop.test"), "edge.cdn.test");
  EXPECT_EQ(ask(resolver, "plain.test"), "");
  const int questions = server.questions;
  EXPECT_EQ(ask(resolver, "www.shop.test"), "edge.cdn.test");
  EXPECT_EQ(*resolver.known("plain.test"), "");
  EXPECT_EQ(server.questions, questions) << "both are known";
  clock.elapsed += 121s;
  loop.turn(false);
  EXPECT_EQ(resolver.known("www.shop.test"), nullptr) << "the records lived two minutes";
}

TEST_F(AliasTest, NoFurtherThanAsked) {
  AliasResolver resolver(loop, server.options(1));
  EXPECT_EQ(ask(resolver, "www.shop.test"), "shop.cdn.test");
}

TEST_F(AliasTest, NoLongerThanTheDeadline) {
  AliasResolver resolver(loop, server.options());
  server.silent = true;
  EXPECT_EQ(ask(resolver, "www.shop.test", 500ms), "");
  EXPECT_EQ(resolver.known("www.shop.test"), nullptr) << "nobody has said";
  server.speak();
  ASSERT_TRUE(turn_until([&] { return resolver.known("www.shop.test") != nullptr; }));
  EXPECT_EQ(*resolver.known("www.shop.test"), "edge.cdn.test");
}

}  // namespace
}  // namespace fl::net
