#include "proxy/tcp/health_check.h"

#include "support/loop_fixture.h"

namespace fl::proxy::tcp {
namespace {

class HealthCheckTest : public testing::LoopFixture {
 protected:
  ~HealthCheckTest() override {
    checker.stop();
    EXPECT_TRUE(turn_until([&] { return checker.idle(); }));
  }
  void check(HealthCheck::Probe probe) {
    proxy::HealthCheck::Options options{
        .service = "db@file", .interval = 10s, .unhealthy_interval = 2s, .servers = {{"db:1", health}}};
    const std::vector<Server> servers{
        {.host = "127.0.0.1", .port = origin.port(), .address = origin.address().to_string()}};
    checker.set({std::make_shared<HealthCheck>(std::move(options), servers, std::make_shared<Transport>(),
                                               std::move(probe), &resolver)});
  }
  bool is_up() const { return health->is_up(loop.now()); }

  net::Resolver resolver{loop};
  std::shared_ptr<ServerHealth> health = std::make_shared<ServerHealth>();
  HealthChecker checker;
  testing::Origin origin{loop};
};

TEST_F(HealthCheckTest, SendsExpectsAndHasTwoIntervals) {
  check({.send = "PING\n", .expect = "+PONG"});
  pass(9s);
  EXPECT_EQ(origin.accepted, 0) << "up until the first probe says otherwise";
  pass(1s);
  auto probe = accept_at(origin);
  EXPECT_EQ(receive_until(*probe, "\n"), "PING\n");
  probe->send("-LOA");
  quiesce();
  EXPECT_TRUE(is_up()) << "not all of it has come";
  probe->send("DING");
  ASSERT_TRUE(turn_until([&] { return !is_up(); }));
  pass(2s);
  probe = accept_at(origin);
  probe->send("+PONG and more");
  ASSERT_TRUE(turn_until([&] { return is_up(); }));
}

TEST_F(HealthCheckTest, ConnectingIsEnoughAndSilenceIsDown) {
  check({});
  pass(10s);
  EXPECT_NE(accept_at(origin), nullptr);
  quiesce();
  EXPECT_TRUE(is_up());
  origin.stop_listening();
  pass(10s);
  ASSERT_TRUE(turn_until([&] { return !is_up(); }));
}

TEST_F(HealthCheckTest, AnAnswerThatDoesNotComeInTimeIsDown) {
  check({.expect = "220 ", .timeout = 3s});
  pass(10s);
  auto probe = accept_at(origin);
  pass(2s);
  EXPECT_TRUE(is_up());
  pass(2s);
  ASSERT_TRUE(turn_until([&] { return !is_up(); }));
}

TEST_F(HealthCheckTest, WhatIsNoLongerConfiguredIsNoLongerProbed) {
  check({.expect = "x"});
  pass(10s);
  auto probe = accept_at(origin);
  checker.set({});
  EXPECT_TRUE(turn_until([&] { return checker.idle(); })) << "a probe that waits is ended";
  pass(60s);
  EXPECT_EQ(origin.accepted, 1);
  EXPECT_TRUE(is_up());
}

}  // namespace
}  // namespace fl::proxy::tcp
