// Active checks: their rhythm, what an HTTP probe asks and takes for well. Passive checks: what puts a server out.
#include "proxy/health_checker.h"

#include <gtest/gtest.h>

#include "http/fetch.h"
#include "net/resolver.h"
#include "proxy/service/http_health_check.h"
#include "proxy/service/passive_check.h"
#include "support/loop_fixture.h"

namespace fl::proxy {
namespace {

using config::dynamic::ServerHealthCheck;

class HealthCheckerTest : public testing::LoopFixture {
 protected:
  ~HealthCheckerTest() override {
    checker.stop();
    EXPECT_TRUE(turn_until([&] { return checker.idle(); }));
  }
  bool is_up() const { return health->is_up(loop.now()); }

  // Checks that answer what the test says.
  struct Scripted final : HealthCheck {
    HealthCheckerTest& test;
    Scripted(Options options, HealthCheckerTest& t) : HealthCheck(std::move(options)), test(t) {}
    net::Task<Result<>> probe(size_t, net::StopToken) const override {
      ++test.probes;
      if (test.well) co_return Result<>{};
      co_return fail(Code::unavailable, "not well");
    }
  };
  std::shared_ptr<const HealthCheck> scripted() {
    return std::make_shared<Scripted>(
        HealthCheck::Options{
            .service = "app@file", .interval = 10s, .unhealthy_interval = 2s, .servers = {{"http://a", health}}},
        *this);
  }

  // One HTTP probe of an origin that gives this answer. -> what the check says; `asked` has the request.
  std::string probe(const ServerHealthCheck& options, std::string_view answer, std::string_view second = "") {
    testing::Origin origin(loop);
    auto check = HttpHealthCheck::make("app@file", {{origin.url() + "/base", health}}, options, &fetcher, nullptr);
    if (!check) return check.error().message;
    std::optional<Result<>> said;
    net::StopSource stop;
    net::TaskScope scope;
    scope.spawn([](const HealthCheck& c, net::StopToken s, std::optional<Result<>>& out) -> net::Task<> {
      out = co_await c.probe(0, s);
    }(**check, stop, said));
    for (const std::string_view text : {answer, second}) {
      if (text.empty()) break;
      EXPECT_TRUE(turn_until([&] { return origin.has_connection(); }));
      auto peer = origin.take_connection();
      asked = receive_head(*peer);
      peer->send(text);
      quiesce();
    }
    if (!said) pass(options.timeout);
    EXPECT_TRUE(turn_until([&] { return scope.idle(); }));
    return *said ? "well" : said->error().message;
  }

  std::shared_ptr<ServerHealth> health = std::make_shared<ServerHealth>();
  HealthChecker checker;
  int probes = 0;
  bool well = true;
  net::Resolver resolver{loop};
  http::Fetcher fetcher{loop, resolver, nullptr};
  std::string asked;
};

TEST_F(HealthCheckerTest, ServersAreUpUntilOneFailureAndDownUntilOneSuccess) {
  well = false;
  checker.set({scripted()});
  pass(9s);
  EXPECT_EQ(probes, 0);
  EXPECT_TRUE(is_up());
  pass(1s);
  EXPECT_EQ(probes, 1);
  EXPECT_FALSE(is_up());
  pass(2s);  // those that are down have an interval of their own
  EXPECT_EQ(probes, 2);
  well = true;
  pass(2s);
  EXPECT_TRUE(is_up());
  pass(9s);
  EXPECT_EQ(probes, 3);
  pass(1s);
  EXPECT_EQ(probes, 4);
}

TEST_F(HealthCheckerTest, AConfigurationThatKeepsACheckLeavesItAlone) {
  const auto kept = scripted();
  checker.set({kept});
  pass(6s);
  checker.set({kept, scripted()});
  pass(4s);
  EXPECT_EQ(probes, 1);
  pass(6s);
  EXPECT_EQ(probes, 2) << "the second one's time";
  checker.set({});
  pass(60s);
  EXPECT_EQ(probes, 2);
  EXPECT_TRUE(checker.idle());
}

TEST_F(HealthCheckerTest, AsksAsConfigured) {
  ServerHealthCheck options{.path = "/health?deep=1", .method = "HEAD", .hostname = "app.test"};
  options.headers["X-Probe"] = "yes";
  EXPECT_EQ(probe(options, "HTTP/1.1 204 No Content\r\n\r\n"), "well");
  EXPECT_TRUE(asked.starts_with("HEAD /health?deep=1 HTTP/1.1\r\n")) << asked;
  EXPECT_NE(asked.find("Host: app.test\r\n"), asked.npos) << asked;
  EXPECT_NE(asked.find("X-Probe: yes\r\n"), asked.npos) << asked;
}

TEST_F(HealthCheckerTest, WhatIsWell) {
  const auto status = [](int code) { return "HTTP/1.1 " + std::to_string(code) + " X\r\nContent-Length: 0\r\n\r\n"; };
  EXPECT_EQ(probe({.path = "/"}, status(200)), "well");
  EXPECT_EQ(probe({.path = "/"}, status(399)), "well");
  EXPECT_EQ(probe({.path = "/"}, status(400)), "received error status code: 400");
  EXPECT_EQ(probe({.path = "/", .status = 503}, status(503)), "well");
  EXPECT_EQ(probe({.path = "/", .status = 503}, status(200)),
            "received error status code: 200 expected status code: 503");
  EXPECT_EQ(probe({.path = "/"}, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12"), "well") << "the head is enough";
  EXPECT_NE(probe({.path = "/"}, "SSH-2.0-x\r\n\r\n").find("not an HTTP answer"), std::string::npos);
  EXPECT_NE(probe({.path = "/", .timeout = 3s}, "HTTP/1.1 200 OK\r\n").find("no answer in time"), std::string::npos);
}

TEST_F(HealthCheckerTest, Redirects) {
  const std::string away = "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(probe({.path = "/a/b"}, away, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"),
            "received error status code: 500");
  EXPECT_TRUE(asked.starts_with("GET /other HTTP/1.1\r\n")) << asked;
  EXPECT_EQ(probe({.path = "/a/b", .follow_redirects = false}, away), "well");
}

TEST_F(HealthCheckerTest, WrongOptions) {
  EXPECT_NE(probe({.path = "http://other.test/"}, "").find("relative"), std::string::npos);
  EXPECT_NE(probe({.path = "/", .port = 70000}, "").find("1 to 65535"), std::string::npos);
}

TEST_F(HealthCheckerTest, FailuresWithinTheWindowPutAServerOut) {
  PassiveCheck check({.window = 10s, .max_failures = 3}, health);
  const TimePoint start = loop.now();
  check.failed(start + 1s);
  check.failed(start + 5s);
  check.failed(start + 12s);  // the first one no longer counts
  EXPECT_TRUE(health->is_up(start + 12s));
  check.failed(start + 13s);
  EXPECT_FALSE(health->is_up(start + 13s));
  EXPECT_FALSE(health->is_up(start + 22s));
  EXPECT_TRUE(health->is_up(start + 23s));
}

TEST_F(HealthCheckerTest, AGoodAnswerForgivesFailures) {
  PassiveCheck check({.window = 10s, .max_failures = 2}, health);
  const TimePoint start = loop.now();
  check.failed(start + 1s);
  check.succeeded(start + 2s);
  check.failed(start + 3s);
  EXPECT_TRUE(health->is_up(start + 3s));
  check.failed(start + 4s);
  EXPECT_FALSE(health->is_up(start + 4s));
}

TEST_F(HealthCheckerTest, AnActiveCheckBringsBackWhatAPassiveOnePutOut) {
  PassiveCheck check({.window = 10s, .max_failures = 1, .has_active_check = true}, health);
  check.failed(loop.now());
  EXPECT_FALSE(health->is_up(loop.now() + 1h));
  health->set_up(true);
  EXPECT_TRUE(is_up());
}

}  // namespace
}  // namespace fl::proxy
