// A rule compiled to a jump program: one step a matcher, in the order they are written, each with the step to go on
// with when it is true and when it is false. Evaluates with short circuit, without recursion or allocation.
// Generic over the matcher type: anything with `bool matches(const Subject&) const`. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/expression/parser.h"

namespace fl::proxy::rules {

using config::expression::Expression;

template <class Matcher>
class Program {
 public:
  struct Step {
    Matcher matcher;
    bool negated;
    uint32_t on_true, on_false;  // a step, kMatch or kNoMatch
    uint32_t begin, end;         // its text in the rule
  };

  // `make_matcher(const Expression&)` gives Result<Matcher> for each matcher, left to right; the first error is ours.
  template <class MakeMatcher>
  static Result<Program> compile(const Expression& expression, MakeMatcher make_matcher) {
    Program program;
    program.steps_.reserve(expression.matcher_count);
    FL_TRY_VOID(program.emit(expression, kMatch, kNoMatch, make_matcher));
    return program;
  }

  template <class Subject>
  bool matches(const Subject& subject) const {
    return run(subject).first;
  }

  // The answer, and the step that decided it.
  template <class Subject>
  std::pair<bool, const Step*> run(const Subject& subject) const {
    const Step* step = steps_.data();
    for (;;) {
      const uint32_t next = step->matcher.matches(subject) ? step->on_true : step->on_false;
      if (next >= kNoMatch) return {next == kMatch, step};
      step = steps_.data() + next;
    }
  }

  const std::vector<Step>& steps() const { return steps_; }

 private:
  static constexpr uint32_t kMatch = 0xFFFFFFFF, kNoMatch = 0xFFFFFFFE;

  // Appends the steps of one expression, which goes on with `on_true` or `on_false`.
  template <class MakeMatcher>
  Result<> emit(const Expression& e, uint32_t on_true, uint32_t on_false, MakeMatcher& make_matcher) {
    if (e.kind == Expression::Kind::matcher) {
      FL_TRY(Matcher matcher, make_matcher(e));
      if (e.negated) std::swap(on_true, on_false);
      steps_.push_back({std::move(matcher), e.negated, on_true, on_false, e.begin, e.end});
      return {};
    }
    for (const Expression& operand : e.operands) {
      const bool is_last = &operand == &e.operands.back();
      const auto next = static_cast<uint32_t>(steps_.size()) + operand.matcher_count;
      const bool all = e.kind == Expression::Kind::all;
      FL_TRY_VOID(emit(operand, is_last || !all ? on_true : next, is_last || all ? on_false : next, make_matcher));
    }
    return {};
  }

  std::vector<Step> steps_;
};

}  // namespace fl::proxy::rules
