#include "http/header_map.h"

#include <gtest/gtest.h>

#include "http/head.h"

namespace fl::http {
namespace {

TEST(ClassifyHeader, KnowsEveryNameInAnyCase) {
  for (int i = 1; i < static_cast<int>(HeaderId::count_); ++i) {
    const auto id = static_cast<HeaderId>(i);
    const std::string_view name = canonical_name(id);
    ASSERT_FALSE(name.empty()) << i;
    EXPECT_EQ(classify_header(name), id) << name;
    EXPECT_EQ(classify_header(to_lower(name)), id) << name;
    EXPECT_EQ(classify_header(to_upper(name)), id) << name;
  }
  EXPECT_EQ(canonical_name(HeaderId::other), "");
}

HeaderId by_comparison(std::string_view name) {
  for (int i = 1; i < static_cast<int>(HeaderId::count_); ++i)
    if (iequals(canonical_name(static_cast<HeaderId>(i)), name)) return static_cast<HeaderId>(i);
  return HeaderId::other;
}

// Every name that is one byte away from a known one, '_' for '-' and CR for '-' included.
TEST(ClassifyHeader, NearMisses) {
  const auto check = [](std::string_view name) { EXPECT_EQ(classify_header(name), by_comparison(name)) << name; };
  for (int i = 1; i < static_cast<int>(HeaderId::count_); ++i) {
    const std::string name(canonical_name(static_cast<HeaderId>(i)));
    for (size_t at = 0; at < name.size(); ++at) {
      check(name.substr(0, at));
      check(name.substr(at + 1));
      for (int c = 0; c < 256; ++c) {
        std::string near = name;
        near[at] = static_cast<char>(c);
        check(near);
      }
    }
    check(name + "x");
  }
  for (const char* name : {"", "x", "X-", "x-forwarded-for-x", "x_forwarded_for", "content\rlength",
                           "a-name-that-is-much-longer-than-any-known-one"})
    EXPECT_EQ(classify_header(name), HeaderId::other) << name;
}

TEST(HeaderMap, FindsByIdAndByText) {
  HeaderMap map;
  map.append("Accept", "1");
  map.append("X-Own", "2");
  map.append("x-own", "3");
  ASSERT_NE(map.find("aCCept"), nullptr);
  EXPECT_EQ(*map.find("aCCept"), "1");
  EXPECT_EQ(*map.find(HeaderId::accept), "1");
  EXPECT_EQ(*map.find("X-OWN"), "2");
  EXPECT_EQ(map.find("X-Owner"), nullptr);
  EXPECT_EQ(map.find(HeaderId::host), nullptr);

  map.set("x-OWN", "4");
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(*map.find("x-own"), "4");
  EXPECT_EQ(map.remove("ACCEPT"), 1U);
  EXPECT_EQ(map.remove("ACCEPT"), 0U);
  map.append(HeaderId::x_forwarded_for, "6.6.6.6");
  EXPECT_EQ(map[1].name, "X-Forwarded-For");
  map.clear();
  EXPECT_TRUE(map.empty());
}

TEST(HasToken, ListsOfRfc9110) {
  for (const auto& [list, found] : {std::pair{"close", true},
                                    {"CLOSE", true},
                                    {"a, close", true},
                                    {",,\tclose ,b", true},
                                    {"", false},
                                    {"closed", false},
                                    {"clos", false},
                                    {"a close", false},
                                    {"close;q=1", false}})
    EXPECT_EQ(has_token(list, "close"), found) << list;
}

TEST(ClassifyMethod, IsCaseSensitive) {
  for (const auto& [name, id] : {std::pair{"GET", Method::get},
                                 {"HEAD", Method::head},
                                 {"POST", Method::post},
                                 {"PUT", Method::put},
                                 {"DELETE", Method::delete_},
                                 {"PATCH", Method::patch},
                                 {"OPTIONS", Method::options},
                                 {"CONNECT", Method::connect},
                                 {"TRACE", Method::trace},
                                 {"get", Method::other},
                                 {"PURGE", Method::other},
                                 {"", Method::other},
                                 {"GETS", Method::other},
                                 {"DELETF", Method::other},
                                 {"OPTIONZ", Method::other}})
    EXPECT_EQ(classify_method(name), id) << name;
}

TEST(ReasonPhrase, KnownOnly) {
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(499), "Client Closed Request");
  for (const int status : {0, 99, 199, 299, 306, 450, 599, 999})
    EXPECT_EQ(reason_phrase(static_cast<uint16_t>(status)), "") << status;
}

}  // namespace
}  // namespace fl::http
