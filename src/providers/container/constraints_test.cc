#include "providers/container/constraints.h"

#include <gtest/gtest.h>

namespace fl::providers::container {
namespace {

TEST(Constraints, Matches) {
  const Labels labels{{"hello", "world"}, {"foo", "bar"}};
  const std::pair<const char*, bool> cases[] = {
      {"", true},
      {"  ", true},
      {"Label(`hello`, `world`)", true},
      {R"(Label("hello", "worlds"))", false},
      {R"(!Label("hello", "world"))", false},
      {R"(Label("hello", "worlds") && Label("foo", "bar"))", false},
      {R"(Label("hello", "world") || Label("foo", "nope"))", true},
      {R"(Label("hello", "world") || !Label("foo", "bar"))", true},
      {R"(Label("hello", "nope") || Label("foo", "bar") && Label("hello", "world"))", true},
      {R"((Label("hello", "world") || Label("foo", "nope")) && Label("foo", "nope"))", false},
      {R"(!(Label("hello", "world") && Label("foo", "bar")))", false},
      {R"(!(Label("hello", "nope") || Label("foo", "nope")))", true},
      {R"(LabelRegex("hello", "w\\w+"))", true},
      {R"(LabelRegex("hello", "w\\w+s"))", false},
      {R"(!LabelRegex("hello", "w\\w+"))", false},
      {"LabelRegex(`hello`, `^w`) && LabelRegex(`foo`, `r$`)", true},
      {"Label(`absent`, ``)", true},
      {"LabelRegex(`absent`, `.+`)", false},
  };
  for (const auto& [expression, expected] : cases) {
    const auto constraints = Constraints::parse(expression);
    ASSERT_TRUE(constraints) << expression << ": " << constraints.error().message;
    EXPECT_EQ(constraints->matches(labels), expected) << expression;
  }
}

TEST(Constraints, RefusesWhatIsWrong) {
  for (const char* expression :
       {R"(Foo("hello"))", "Label(`a`)", "Label(`a`, `b`, `c`)", "LabelRegex(`a`, `(`)", "Label(`a`, `b`) &&", "(",
        "Label(`a`, `b`) Label(`c`, `d`)", "Tag(`x`)", "Label(a, b)", "!"})
    EXPECT_FALSE(Constraints::parse(expression)) << expression;
}

}  // namespace
}  // namespace fl::providers::container
