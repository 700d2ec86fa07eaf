// The rule language of routers and provider constraints: text -> expression tree. Generic over a table of matchers,
// so that HTTP rules, TCP rules and label constraints share one grammar. Pure; any thread. What a matcher's arguments
// mean is not known here.
//
//   any     := all { '||' all }
//   all     := unary { '&&' unary }
//   unary   := '!' unary | '(' any ')' | matcher
//   matcher := Name '(' string { ',' string } [ ',' ] ')'
//
// Strings are Go literals: `raw` or "with \n escapes". Source: Traefik, rule syntax v3.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::config::expression {

// One line of a table of matchers. A rule may write the name as here, all lower, ALL UPPER or Title case.
struct MatcherName {
  std::string_view name;
  uint8_t min_args;
  uint8_t max_args;
  bool may_be_empty = false;  // an argument may be ""
};

// A parsed rule. `!` never stands before a bracket here: it is pushed down to the matchers (De Morgan), as in Traefik.
struct Expression {
  enum class Kind : uint8_t { matcher, all, any };

  Kind kind = Kind::matcher;
  bool negated = false;              // matchers only
  uint8_t matcher = 0;               // index in the table; matchers only
  uint32_t begin = 0, end = 0;       // its text in the rule; matchers only
  uint32_t matcher_count = 1;        // in the whole subtree
  std::vector<std::string> args;     // unquoted; matchers only
  std::vector<Expression> operands;  // two or more; `all` and `any` only
};

inline constexpr size_t kMaxRuleBytes = 256 * 1024;
inline constexpr int kMaxRuleDepth = 100;  // of brackets and `!`

// Errors say line and column and show the place, or are Traefik's texts about matchers and their arguments.
Result<Expression> parse(std::string_view rule, std::span<const MatcherName> table);

}  // namespace fl::config::expression
