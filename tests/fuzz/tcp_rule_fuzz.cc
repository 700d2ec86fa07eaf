// TCP rule text of any kind: it compiles or is refused with a bounded message; what compiles answers, explains and is
// found by its table exactly when it matches.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "proxy/tcp/router_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rule = proxy::tcp::Rule::compile(text);
  if (!rule) {
    FL_CHECK(rule.error().message.size() < 4 * size + 600);
    return 0;
  }
  const auto router = std::make_shared<proxy::tcp::Router>(proxy::tcp::Router{.rule = *rule, .priority = 1});
  const proxy::tcp::RouterTable table({router});
  const std::string alpn[] = {"h2", "mqtt"};
  for (const std::string_view name : {"", "a", "a.test", "x.a.test"}) {
    const proxy::tcp::ConnectionFacts facts{.server_name = name, .alpn = alpn, .client = {}};
    const bool matches = (*rule)->matches(facts);
    FL_CHECK(matches == (*rule)->failed_matcher(facts).empty());
    FL_CHECK((table.find(facts) != nullptr) == matches);
  }
  FL_CHECK(!(*rule)->is_catch_all() || !(*rule)->names_server());
  return 0;
}
