#include "base/utf8.h"

#include <gtest/gtest.h>

namespace fl {
namespace {

TEST(Utf8, AcceptsScalarValues) {
  for (const uint32_t c : {0x0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x10ffffu}) {
    std::string text;
    append_utf8(text, c);
    EXPECT_EQ(utf8_length(text), text.size()) << c;
  }
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\u00e9\u20ac\U0001F600"));
}

TEST(Utf8, RefusesTheRest) {
  for (const char* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
                           "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ok\xfe"})
    EXPECT_FALSE(is_utf8(text)) << text;
  EXPECT_EQ(utf8_length(""), 0u);
}

}  // namespace
}  // namespace fl
