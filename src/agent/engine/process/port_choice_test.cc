#include "agent/engine/process/port_choice.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "net/listener.h"

namespace fl::agent::engine::process {
namespace {

constexpr uint16_t kFirst = 41000, kLast = 41999;

bool nobodys(const PortBinding&) { return false; }
PortMapping dynamic(uint16_t container_port) {
  return {.container_port = container_port, .host_port = 0, .udp = false};
}

TEST(PortChoice, GivesEachADynamicPortOfItsOwn) {
  PortChoice choice("127.0.0.1", kFirst, kLast, "agent");
  const auto bound = choice.bind(NetworkMode::bridge, "", {dynamic(80), dynamic(81)}, {}, nobodys);
  ASSERT_TRUE(bound) << bound.error().message;
  ASSERT_EQ(bound->size(), 2u);
  EXPECT_EQ((*bound)[0].bind_ip, "127.0.0.1");
  EXPECT_EQ((*bound)[0].container_port, 80);
  EXPECT_GE((*bound)[0].host_port, kFirst);
  EXPECT_LE((*bound)[1].host_port, kLast);
  EXPECT_NE((*bound)[0].host_port, (*bound)[1].host_port);
}

TEST(PortChoice, GivesTheSamePortAgainUnlessItIsSomebodysNow) {
  PortChoice choice("127.0.0.1", kFirst, kLast, "agent");
  const std::vector<PortBinding> before = *choice.bind(NetworkMode::bridge, "", {dynamic(80)}, {}, nobodys);
  EXPECT_EQ(*choice.bind(NetworkMode::bridge, "", {dynamic(80)}, before, nobodys), before);
  const auto another = choice.bind(NetworkMode::bridge, "", {dynamic(80)}, before,
                                   [&](const PortBinding& b) { return b.host_port == before[0].host_port; });
  ASSERT_TRUE(another);
  EXPECT_NE((*another)[0].host_port, before[0].host_port);
}

TEST(PortChoice, TwoAgentsBeginApart) {
  PortChoice one("127.0.0.1", kFirst, kLast, "/var/lib/one"), two("127.0.0.1", kFirst, kLast, "/var/lib/two");
  const auto first = one.bind(NetworkMode::bridge, "", {dynamic(80)}, {}, nobodys);
  EXPECT_NE(*first, *two.bind(NetworkMode::bridge, "", {dynamic(80)}, {}, nobodys));
}

TEST(PortChoice, RefusesAFixedPortThatIsTaken) {
  const auto listener = net::listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener);
  const uint16_t port = net::local_address(*listener)->port;
  PortChoice choice("127.0.0.1", kFirst, kLast, "agent");
  const PortMapping fixed{.container_port = 80, .host_port = port, .udp = false};
  const auto bound = choice.bind(NetworkMode::bridge, "", {fixed}, {}, nobodys);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, Code::conflict);
  EXPECT_EQ(bound.error().message, "cannot listen on 127.0.0.1:" + std::to_string(port) + ": address already in use");
  ::close(*listener);
  EXPECT_TRUE(choice.bind(NetworkMode::bridge, "", {fixed}, {}, nobodys));
}

TEST(PortChoice, EndsWhenTheRangeIsUsedUp) {
  PortChoice choice("127.0.0.1", kFirst, kFirst + 2, "agent");
  const auto bound = choice.bind(NetworkMode::bridge, "", {dynamic(80)}, {}, [](const PortBinding&) { return true; });
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, Code::exhausted);
}

TEST(PortChoice, GivesATaskTheSameAddressUntilAnotherHasIt) {
  const auto first = PortChoice::task_address("task", {dynamic(48231)}, {});
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->starts_with("127."));
  EXPECT_EQ(*PortChoice::task_address("task", {dynamic(48231)}, {}), *first);
  EXPECT_NE(*PortChoice::task_address("task", {dynamic(48231)}, {*first}), *first);
  PortChoice choice("127.0.0.1", kFirst, kLast, "agent");
  const auto bound = choice.bind(NetworkMode::awsvpc, *first, {dynamic(48231)}, {}, nobodys);
  ASSERT_TRUE(bound);
  EXPECT_EQ((*bound)[0], (PortBinding{*first, 48231, 48231, false}));
}

}  // namespace
}  // namespace fl::agent::engine::process
