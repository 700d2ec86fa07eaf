#include "proxy/middleware/add_prefix.h"

#include "proxy/middleware/exchange_for_test.h"

namespace fl::proxy::middleware {
namespace {

TEST(AddPrefix, GoesInFrontOfThePath) {
  struct Case {
    std::string_view prefix, target, path, query;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"/b", "/x", "/b/x", ""},
           {"b", "/x?q=1", "/b/x", "q=1"},
           {"/b/", "/x", "/b//x", ""},
           {"/b", "", "/b", ""},  // nothing was left by stripPrefix
           {"/b", "/a%2Fb", "/b/a%2Fb", ""},
           {"/b c?", "/x", "/b%20c%3F/x", ""},
           {"/é", "/x", "/%C3%A9/x", ""},
           {"/b%2fc", "/x", "/b%2Fc/x", ""},
       }) {
    const auto handler = make_add_prefix({.prefix = std::string(c.prefix)}, std::make_shared<NextForTest>());
    ASSERT_TRUE(handler) << handler.error().message;
    ExchangeForTest x(c.target);
    run(*handler, x);
    EXPECT_EQ(x.request.path, c.path) << c.prefix;
    EXPECT_EQ(x.request.query, c.query);
    EXPECT_EQ(x.response.status, 200);
  }
}

TEST(AddPrefix, RefusesWhatIsNoPrefix) {
  EXPECT_EQ(make_add_prefix({}, nullptr).error().message, "prefix cannot be empty");
  EXPECT_FALSE(make_add_prefix({.prefix = "/100%"}, nullptr));
}

}  // namespace
}  // namespace fl::proxy::middleware
