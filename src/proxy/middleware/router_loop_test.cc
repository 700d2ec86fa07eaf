#include "proxy/middleware/router_loop.h"

#include "proxy/middleware/exchange_for_test.h"

namespace fl::proxy::middleware {
namespace {

constexpr std::string_view kMark = "27c2deec5f861132";  // FNV-1 of web@ecs

TEST(RouterLoop, MarksRequestsAndRefusesItsOwnMark) {
  struct Case {
    Fields fields;
    uint16_t status;
    std::string_view mark;  // of the request that goes on
  };
  for (const Case& c : std::initializer_list<Case>{
           {{}, 200, kMark},
           {{{"X-Traefik-Router", "1234"}}, 200, kMark},  // another router's: that is a chain, no loop
           {{{"x-traefik-router", std::string(kMark)}}, 400, kMark},
       }) {
    const auto next = std::make_shared<NextForTest>();
    ExchangeForTest x("/", c.fields);
    run(make_router_loop("web@ecs", next), x);
    EXPECT_EQ(x.response.status, c.status);
    EXPECT_EQ(next->calls, c.status == 200 ? 1 : 0);
    EXPECT_EQ(joined(x.request.headers, "X-Traefik-Router"), c.mark);
  }
}

}  // namespace
}  // namespace fl::proxy::middleware
