#include "providers/container/constraints.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace fl::providers::container {
namespace {

using config::expression::Expression;
using config::expression::MatcherName;

constexpr uint8_t kLabelRegex = 1;
constexpr std::array<MatcherName, 2> kMatchers{{{"Label", 2, 2, true}, {"LabelRegex", 2, 2, true}}};

}  // namespace

Result<Constraints> Constraints::parse(std::string_view expression) {
  Constraints result;
  if (trim(expression).empty()) return result;
  FL_TRY(const Expression tree, config::expression::parse(expression, kMatchers));
  FL_TRY_VOID(result.compile(tree));
  return result;
}

Result<> Constraints::compile(const Expression& expression) {
  const size_t at = steps_.size();
  steps_.push_back({.kind = expression.kind, .negated = expression.negated});
  if (expression.kind == Expression::Kind::matcher) {
    steps_[at].key = expression.args[0];
    steps_[at].value = expression.args[1];
    if (expression.matcher == kLabelRegex) {
      FL_TRY(steps_[at].regex, Regex::compile(expression.args[1]));
    }
  }
  for (const Expression& operand : expression.operands) FL_TRY_VOID(compile(operand));
  steps_[at].end = steps_.size();
  return {};
}

bool Constraints::matches(const Labels& labels) const { return steps_.empty() || evaluate(0, labels); }

bool Constraints::evaluate(size_t at, const Labels& labels) const {
  const Step& step = steps_[at];
  if (step.kind == Expression::Kind::matcher) {
    const auto label = labels.find(step.key);
    const std::string_view value = label == labels.end() ? std::string_view() : label->second;
    return (step.regex ? step.regex->matches(value) : value == step.value) != step.negated;
  }
  const bool is_any = step.kind == Expression::Kind::any;
  for (size_t operand = at + 1; operand < step.end; operand = steps_[operand].end)
    if (evaluate(operand, labels) == is_any) return is_any;
  return !is_any;
}

}  // namespace fl::providers::container
