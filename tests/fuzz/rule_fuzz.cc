// Rule text of any kind: it compiles or is refused with a bounded message; what compiles answers, explains and is found
// by its table exactly when it matches.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "proxy/routing/router_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rule = proxy::rules::Rule::compile(text);
  if (!rule) {
    FL_CHECK(rule.error().message.size() < 4 * size + 600);
    return 0;
  }
  http::HeaderMap headers;
  headers.append("X-Kind", "a");
  const proxy::routing::RouterTable table({{*rule, 1, 7}});
  for (const std::string_view host : {"", "a", "a.test", "x.a.test"}) {
    const proxy::rules::RouteRequest request{
        .host = host, .path = "/a/b", .method = "GET", .query = "q=1&r=%41+", .headers = headers};
    const bool matches = (*rule)->matches(request);
    FL_CHECK(matches == (*rule)->failed_matcher(request).empty());
    FL_CHECK(table.find(request) == (matches ? 7 : -1));
  }
  (void)(*rule)->named_hosts();
  return 0;
}
