// The expression that decides which containers a provider looks at: Label(`key`, `value`), LabelRegex(`key`, `regex`)
// with &&, ||, ! and brackets. Compiled once; immutable, any thread. Source: Traefik, constraints.
#pragma once

#include <string_view>
#include <vector>

#include "base/regex.h"
#include "base/result.h"
#include "config/expression/parser.h"
#include "providers/container/instance.h"

namespace fl::providers::container {

class Constraints {
 public:
  // An empty expression matches everything. Errors: as config::expression::parse, or a bad regular expression.
  static Result<Constraints> parse(std::string_view expression);

  // A label that is absent counts as empty.
  bool matches(const Labels& labels) const;

 private:
  // Expression tree in prefix order: an operator's operands follow it.
  struct Step {
    config::expression::Expression::Kind kind;
    bool negated = false;
    size_t end = 0;  // index behind the last of its operands
    std::string key, value;
    std::optional<Regex> regex;  // LabelRegex
  };

  Result<> compile(const config::expression::Expression& expression);
  bool evaluate(size_t at, const Labels& labels) const;

  std::vector<Step> steps_;
};

}  // namespace fl::providers::container
