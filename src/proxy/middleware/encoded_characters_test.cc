#include "proxy/middleware/encoded_characters.h"

#include "proxy/middleware/exchange_for_test.h"

namespace fl::proxy::middleware {
namespace {

uint16_t status_for(const config::EncodedCharacters<false>& options, std::string_view target) {
  ExchangeForTest x(target);
  run(*make_encoded_characters(options, std::make_shared<NextForTest>()), x);
  if (x.response.status != 200) EXPECT_EQ(x.body(), "Bad Request\n");
  return x.response.status;
}

TEST(EncodedCharacters, EachRefusedUnlessAllowed) {
  using Options = config::EncodedCharacters<false>;
  struct Case {
    std::string_view target;
    bool Options::* option;
  };
  for (const Case& c : std::initializer_list<Case>{{"/foo%2Fbar", &Options::allow_encoded_slash},
                                                   {"/foo%5cbar", &Options::allow_encoded_back_slash},
                                                   {"/foo%00bar", &Options::allow_encoded_null_character},
                                                   {"/foo%3Bbar", &Options::allow_encoded_semicolon},
                                                   {"/foo%25bar", &Options::allow_encoded_percent},
                                                   {"/foo%3fbar", &Options::allow_encoded_question_mark},
                                                   {"/foo%23bar", &Options::allow_encoded_hash}}) {
    Options all_but{true, true, true, true, true, true, true};
    all_but.*c.option = false;
    Options only;
    only.*c.option = true;
    EXPECT_EQ(status_for({}, c.target), 400) << c.target;
    EXPECT_EQ(status_for(all_but, c.target), 400) << c.target;
    EXPECT_EQ(status_for(only, c.target), 200) << c.target;
  }
  EXPECT_EQ(status_for({}, "/a%20b;c?%2F"), 200) << "others, raw ones and the query do not count";
}

}  // namespace
}  // namespace fl::proxy::middleware
