// Conditions over what a middleware has counted or seen, as the retryExpression of buffering and the expression of
// circuitBreaker write them. Pure; immutable; any thread.
//
//   any   := all { '||' all }
//   all   := term { '&&' term }
//   term  := '(' any ')' | call [ ( '==' | '!=' | '<' | '<=' | '>' | '>=' ) ( number | string ) ]
//   call  := Name '(' [ number { ',' number } ] ')'
//
// Without a comparison a call is true when it is not 0. There is no '!', as in Traefik.
// Source: Traefik, Buffering: retryExpression, CircuitBreaker: expression.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::proxy::middleware {

class Predicate {
 public:
  enum class Gives : uint8_t { number, truth, text };
  struct Function {
    std::string_view name;
    size_t args;  // numbers
    Gives gives;
  };
  // What the functions give, by their positions in the table.
  class Facts {
   public:
    virtual double number(size_t function, std::span<const double> args) const = 0;
    virtual std::string_view text(size_t) const { return {}; }

   protected:
    ~Facts() = default;
  };

  // Errors: with the place in the text. A call that gives a truth is not compared, others are.
  static Result<Predicate> parse(std::string_view text, std::span<const Function> functions);

  bool holds(const Facts& facts) const { return holds(root_, facts); }

 private:
  friend class PredicateReader;
  enum class Op : uint8_t { any, all, is_true, equal, unequal, less, at_most, more, at_least };
  struct Node {
    Op op = Op::is_true;
    std::vector<Node> operands;  // of any and all
    size_t function = 0;         // of the others
    std::vector<double> args;
    bool is_text = false;
    double number = 0;  // what it is compared with
    std::string text;
  };

  static bool holds(const Node& node, const Facts& facts);

  Node root_;
};

}  // namespace fl::proxy::middleware
