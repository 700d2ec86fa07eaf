// The small handlers: dashboard, ping, metrics, noop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/dashboard_handler.h"
#include "admin/exchange_for_test.h"
#include "admin/metrics_handler.h"
#include "admin/noop_handler.h"
#include "admin/ping_handler.h"

namespace fl::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(DashboardHandler, ServesOnePageUnderAStrictPolicy) {
  const struct {
    std::string_view method, path;
    uint16_t status;
  } cases[] = {
      {"GET", "/", 200},           {"GET", "", 200},
      {"GET", "/dashboard/", 200}, {"GET", "/base/dashboard/", 200},
      {"GET", "/dashboard", 404},  {"GET", "/dashboard/app.js", 404},
      {"POST", "/", 405},          {"HEAD", "/dashboard/", 405},
  };
  const DashboardHandler handler;
  for (const auto& c : cases) {
    ExchangeForTest x(c.method, c.path);
    x.run(handler);
    EXPECT_EQ(x.response.status, c.status) << c.method << " " << c.path;
    if (c.status != 200) continue;
    EXPECT_THAT(x.field("Content-Security-Policy"),
                testing::MatchesRegex("default-src 'none'; script-src 'sha256-[^']*='; style-src 'sha256-[^']*='; .*"));
    EXPECT_THAT(x.body(), testing::StartsWith("<!doctype html>"));
  }
}

// What the policy would forbid, so that it cannot creep in.
TEST(DashboardHandler, PageNeedsNothingElse) {
  EXPECT_LT(kDashboardPage.size(), 15000U);
  for (const char* text : {"style=", "onclick", "innerHTML", "src=", "http://", "https://"})
    EXPECT_THAT(std::string(kDashboardPage), Not(HasSubstr(text)));
}

TEST(PingHandler, AnswersUntilTheEnd) {
  std::atomic<bool> terminating = false;
  const PingHandler handler(terminating, 503);
  for (const char* method : {"GET", "HEAD", "POST"}) {
    ExchangeForTest x(method, "/ping");
    x.run(handler);
    EXPECT_EQ(x.response.status, 200);
    EXPECT_EQ(x.body(), "OK");
    EXPECT_EQ(x.field("Content-Type"), "text/plain; charset=utf-8");
  }
  terminating = true;
  ExchangeForTest x("GET", "/ping");
  x.run(handler);
  EXPECT_EQ(x.response.status, 503);
  EXPECT_EQ(x.body(), "Service Unavailable");
}

TEST(MetricsHandler, AnswersWithTheRegistrysPage) {
  net::Loop loop;
  loop.make_current();
  telemetry::Registry registry(loop, {}, {});
  ExchangeForTest x("GET", "/metrics");
  bool done = false;
  const MetricsHandler metrics(registry);
  const auto run = [](const http::Handler& handler, http::Exchange& exchange, bool& ended) -> net::Task<> {
    co_await handler.handle(exchange);
    ended = true;
  };
  net::spawn(run(metrics, x, done));
  for (int turns = 0; turns < 10 && !done; ++turns) loop.turn(false);
  ASSERT_TRUE(done);
  EXPECT_EQ(x.response.status, 200);
  EXPECT_EQ(x.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(x.body(), HasSubstr("# TYPE "));
}

TEST(NoopHandler, IsATeapot) {
  ExchangeForTest x("GET", "/");
  x.run(NoopHandler());
  EXPECT_EQ(x.response.status, 418);
}

}  // namespace
}  // namespace fl::admin
