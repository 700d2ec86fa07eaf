#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "config/expression/parser.h"
#include "config/expression/string_literal.h"

// The grammar that rules stand on; its code lives in config, where providers can reach it too.
namespace fl::config::expression {
namespace {

using namespace std::string_literals;

// Any table will do: this one is that of provider constraints.
constexpr std::array<MatcherName, 2> kLabels{{{"Label", 2, 2}, {"LabelRegex", 2, 2}}};

std::string dump(const Expression& e) {
  if (e.kind == Expression::Kind::matcher)
    return (e.negated ? "!" : "") + std::string(kLabels[e.matcher].name) + "(" + e.args[0] + "," + e.args[1] + ")";
  std::string out;
  for (const auto& operand : e.operands)
    out += (out.empty() ? "(" : e.kind == Expression::Kind::all ? " && " : " || ") + dump(operand);
  return out + ")";
}

std::string parse_label(std::string_view rule) {
  const auto expression = parse(rule, kLabels);
  return expression ? dump(*expression) : expression.error().message;
}

TEST(Parser, PrecedenceAndNegation) {
  const std::string a = "Label(`a`,`1`)", b = "Label(`b`,`2`)", c = "Label(`c`,`3`)";
  EXPECT_EQ(parse_label(a + "||" + b + "&&" + c), "(Label(a,1) || (Label(b,2) && Label(c,3)))");
  EXPECT_EQ(parse_label("(" + a + "||" + b + ")&&" + c), "((Label(a,1) || Label(b,2)) && Label(c,3))");
  EXPECT_EQ(parse_label(a + "&&" + b + "&&" + c), "(Label(a,1) && Label(b,2) && Label(c,3))");
  EXPECT_EQ(parse_label("!" + a + " && " + b), "(!Label(a,1) && Label(b,2))");
  EXPECT_EQ(parse_label("!(" + a + " && !" + b + " || " + c + ")"), "((!Label(a,1) || Label(b,2)) && !Label(c,3))");
  EXPECT_EQ(parse_label("!!!" + a), "!Label(a,1)");
  EXPECT_EQ(parse_label("\n\t " + a + " \r\n||\n" + b + "\n"), "(Label(a,1) || Label(b,2))");
}

TEST(Parser, ArgumentsAsGoReadsThem) {
  EXPECT_EQ(parse_label("Label(`a` , \"b\" , )"), "Label(a,b)") << "Go allows a comma at the end";
  EXPECT_EQ(parse_label("labelregex(`\\w+`,\"w\\\\w\")"), "LabelRegex(\\w+,w\\w)");
  EXPECT_EQ(parse_label("Labelregex(`a`,`b`)"), "LabelRegex(a,b)");
  EXPECT_THAT(parse_label("LAbel(`a`,`b`)"), ::testing::HasSubstr("unknown matcher \"LAbel\", did you mean Label?"));
}

TEST(Parser, TheCaretShowsThePlace) {
  EXPECT_EQ(parse_label("Label(`a`,`b`) | x"),
            "rule:1:16: unexpected \"|\", want && or || or the end\n  Label(`a`,`b`) | x\n                 ^");
  EXPECT_EQ(parse_label("Label(`a`,`b`) &&\n\tLabl(`c`)"),
            "rule:2:2: unknown matcher \"Labl\", did you mean Label?\n   Labl(`c`)\n   ^");
  // Only what is near is shown of a long line.
  const std::string message = parse_label("Label(`a`,`" + std::string(500, 'b') + "`) $ " + std::string(500, ' '));
  EXPECT_THAT(message, ::testing::StartsWith("rule:1:515: unexpected \"$\""));
  EXPECT_LT(message.size(), 250U);
}

TEST(Parser, DepthAndLengthAreBounded) {
  const auto nested = [](size_t n) { return std::string(n, '(') + "Label(`a`,`b`)" + std::string(n, ')'); };
  EXPECT_EQ(parse_label(nested(kMaxRuleDepth)), "Label(a,b)");
  EXPECT_THAT(parse_label(nested(kMaxRuleDepth + 1)), ::testing::HasSubstr("nested deeper than 100"));
  EXPECT_THAT(parse_label(std::string(100'000, '(')), ::testing::HasSubstr("nested deeper than 100"));
  EXPECT_THAT(parse_label(std::string(100'000, '!')), ::testing::HasSubstr("nested deeper than 100"));
  EXPECT_THAT(parse_label(std::string(kMaxRuleBytes + 1, ' ')), ::testing::HasSubstr("is longer than"));
  std::string wide = "Label(`a`,`b`)";
  for (int i = 0; i < 10'000; ++i) wide += "||Label(`a`,`b`)";
  const auto expression = parse(wide, kLabels);
  ASSERT_TRUE(expression) << "a long list is not deep";
  EXPECT_EQ(expression->matcher_count, 10'001U);
}

TEST(StringLiteral, Escapes) {
  struct Case {
    std::string_view source;
    std::string value;
    size_t size;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"``", "", 2},
           {"`a\\n\"b` rest", "a\\n\"b", 7},
           {"`a\r\nb`", "a\nb", 6},
           {"\"\" x", "", 2},
           {R"("\a\b\f\n\r\t\v\\\"")", "\a\b\f\n\r\t\v\\\"", 20},
           {R"("\x41\101\000z")", "AA\0z"s, 15},
           {R"("\u00e9\U0001F9AD\uFFFF")", "\u00e9\U0001F9AD\uFFFF", 24},
           {R"("\u07ff\u0800")", "\u07ff\u0800", 14},
       }) {
    const auto literal = parse_string_literal(c.source);
    ASSERT_TRUE(literal) << c.source;
    EXPECT_EQ(literal->value, c.value) << c.source;
    EXPECT_EQ(literal->size, c.size) << c.source;
  }
  for (const std::string_view bad :
       {"`", "`abc", "\"", "\"abc", "\"a\nb\"", "\"\\\"", "\"\\", R"("\'")", R"("\q")", R"("\x4")", R"("\xg0")",
        R"("\400")", R"("\08")", R"("\ud800")", R"("\U00110000")", R"("\u12")", R"("\uGGGG")"})
    EXPECT_FALSE(parse_string_literal(bad)) << bad;
}

}  // namespace
}  // namespace fl::config::expression
