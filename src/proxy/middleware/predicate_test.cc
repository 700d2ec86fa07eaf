#include "proxy/middleware/predicate.h"

#include <gtest/gtest.h>

namespace fl::proxy::middleware {
namespace {

constexpr Predicate::Function kFunctions[] = {{"One", 0, Predicate::Gives::number},
                                              {"Sum", 2, Predicate::Gives::number},
                                              {"Yes", 0, Predicate::Gives::truth},
                                              {"No", 0, Predicate::Gives::truth},
                                              {"Name", 0, Predicate::Gives::text}};

struct TestFacts final : Predicate::Facts {
  double number(size_t function, std::span<const double> args) const override {
    return function == 1 ? args[0] + args[1] : function == 3 ? 0 : 1;
  }
  std::string_view text(size_t) const override { return "name"; }
};

TEST(Predicate, Holds) {
  for (const auto& [text, holds] : std::vector<std::pair<std::string_view, bool>>{
           {"Yes()", true},
           {"No()", false},
           {" Yes ( ) ", true},
           {"One() == 1", true},
           {"One()!=1", false},
           {"One() < 1.5", true},
           {"One() <= 1", true},
           {"One() > 1", false},
           {"One() >= 1.0", true},
           {"Sum(1, 2.5) == 3.5", true},
           {"Sum(-1,1) == 0", true},
           {"Name() == \"name\"", true},
           {"Name() != `name`", false},
           {"Yes() && No()", false},
           {"Yes() || No()", true},
           {"No() && No() || Yes()", true},
           {"No() && (No() || Yes())", false},
           {"(Yes())", true},
           {"One() == 1 && Name() == \"x\" || Yes() && Yes() && No()", false},
       }) {
    const auto predicate = Predicate::parse(text, kFunctions);
    ASSERT_TRUE(predicate) << predicate.error().message;
    EXPECT_EQ(predicate->holds(TestFacts()), holds) << text;
  }
}

TEST(Predicate, Refuses) {
  const std::string deep(200, '(');
  for (const auto& [text, why] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"", "at character 1: a condition is expected"},
           {"Two()", "unknown function Two: there are One, Sum, Yes, No, Name"},
           {"!Yes()", "a condition is expected"},
           {"One()", "has to be compared"},
           {"Yes() == 1", "cannot be compared"},
           {"One() == \"1\"", "at character 10: a number is expected"},
           {"Name() == 1", "a string is expected"},
           {"Name() == \"1", "at character 11"},
           {"Sum(1) == 1", "takes 2 numbers"},
           {"Sum(1, 2, 3) == 1", "')' is expected"},
           {"Yes() &&", "a condition is expected"},
           {"(Yes()", "')' is expected"},
           {"Yes() Yes()", "an operator or the end is expected"},
           {"Yes", "'(' is expected"},
           {deep, "too deep"},
       }) {
    const auto predicate = Predicate::parse(text, kFunctions);
    ASSERT_FALSE(predicate) << text;
    EXPECT_NE(predicate.error().message.find(why), std::string::npos) << predicate.error().message;
  }
}

}  // namespace
}  // namespace fl::proxy::middleware
