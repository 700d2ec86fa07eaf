#include "proxy/middleware/predicate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/strings.h"
#include "config/expression/string_literal.h"

namespace fl::proxy::middleware {
namespace {

constexpr int kMaxDepth = 100;

template <class T>
bool compare(auto op, const T& a, const T& b) {
  using Op = decltype(op);
  switch (op) {
    case Op::equal: return a == b;
    case Op::unequal: return a != b;
    case Op::less: return a < b;
    case Op::at_most: return a <= b;
    case Op::more: return a > b;
    default: return a >= b;
  }
}

}  // namespace

class PredicateReader {
 public:
  using Function = Predicate::Function;
  using Node = Predicate::Node;
  using Op = Predicate::Op;

  PredicateReader(std::string_view text, std::span<const Function> functions) : text_(text), functions_(functions) {}

  Result<Node> read() {
    FL_TRY(Node root, read_any(0));
    skip_blanks();
    if (at_ < text_.size()) return wrong("an operator or the end is expected");
    return root;
  }

 private:
  Result<Node> read_any(int depth) {
    return read_list("||", Op::any,
                     [this, depth] { return read_list("&&", Op::all, [this, depth] { return read_term(depth); }); });
  }

  template <class ReadOne>
  Result<Node> read_list(std::string_view between, Op op, ReadOne read_one) {
    FL_TRY(Node first, read_one());
    if (!skip(between)) return first;
    Node list{.op = op};
    list.operands.push_back(std::move(first));
    do {
      FL_TRY(Node next, read_one());
      list.operands.push_back(std::move(next));
    } while (skip(between));
    return list;
  }

  Result<Node> read_term(int depth) {
    if (depth >= kMaxDepth) return wrong("brackets are too deep");
    if (skip("(")) {
      FL_TRY(Node node, read_any(depth + 1));
      if (!skip(")")) return wrong("')' is expected");
      return node;
    }
    FL_TRY(Node node, read_call());
    const Function& function = functions_[node.function];
    const auto op = read_operator();
    if (function.gives == Predicate::Gives::truth) {
      if (op) return wrong(fmt::format("{}() is true or false and cannot be compared", function.name));
      return node;
    }
    if (!op) return wrong(fmt::format("{}() has to be compared with something", function.name));
    node.op = *op;
    node.is_text = function.gives == Predicate::Gives::text;
    if (!node.is_text) {
      FL_TRY(node.number, read_number());
      return node;
    }
    skip_blanks();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with('"') && !rest.starts_with('`')) return wrong("a string is expected");
    auto literal = config::expression::parse_string_literal(rest);
    if (!literal) return wrong(literal.error().message);
    at_ += literal->size;
    node.text = std::move(literal->value);
    return node;
  }

  Result<Node> read_call() {
    skip_blanks();
    const size_t begin = at_;
    while (at_ < text_.size() && is_alnum(text_[at_])) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    const auto known = std::ranges::find(functions_, name, &Function::name);
    if (known == functions_.end()) {
      at_ = begin;
      std::vector<std::string> names;
      for (const Function& function : functions_) names.emplace_back(function.name);
      return wrong(name.empty() ? "a condition is expected"
                                : fmt::format("unknown function {}: there are {}", name, join(names, ", ")));
    }
    Node node{.function = static_cast<size_t>(known - functions_.begin())};
    if (!skip("(")) return wrong("'(' is expected");
    for (size_t i = 0; i < known->args; ++i) {
      if (i > 0 && !skip(",")) return wrong(fmt::format("{} takes {} numbers", name, known->args));
      FL_TRY(const double number, read_number());
      node.args.push_back(number);
    }
    if (!skip(")")) return wrong("')' is expected");
    return node;
  }

  std::optional<Op> read_operator() {
    constexpr std::pair<std::string_view, Op> kOperators[] = {{"==", Op::equal},   {"!=", Op::unequal},
                                                              {"<=", Op::at_most}, {">=", Op::at_least},
                                                              {"<", Op::less},     {">", Op::more}};
    for (const auto& [text, op] : kOperators)
      if (skip(text)) return op;
    return std::nullopt;
  }

  Result<double> read_number() {
    skip_blanks();
    double number = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
    if (error != std::errc()) return wrong("a number is expected");
    at_ += static_cast<size_t>(end - begin);
    return number;
  }

  void skip_blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  bool skip(std::string_view token) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  tl::unexpected<Error> wrong(std::string_view why) const {
    return fail(Code::invalid, fmt::format("\"{}\", at character {}: {}", text_, at_ + 1, why));
  }

  const std::string_view text_;
  const std::span<const Function> functions_;
  size_t at_ = 0;
};

Result<Predicate> Predicate::parse(std::string_view text, std::span<const Function> functions) {
  Predicate predicate;
  FL_TRY(predicate.root_, PredicateReader(text, functions).read());
  return predicate;
}

bool Predicate::holds(const Node& node, const Facts& facts) {
  const auto operand_holds = [&facts](const Node& operand) { return holds(operand, facts); };
  switch (node.op) {
    case Op::any: return std::ranges::any_of(node.operands, operand_holds);
    case Op::all: return std::ranges::all_of(node.operands, operand_holds);
    case Op::is_true: return facts.number(node.function, node.args) != 0;
    default: break;
  }
  if (node.is_text) return compare(node.op, facts.text(node.function), std::string_view(node.text));
  return compare(node.op, facts.number(node.function, node.args), node.number);
}

}  // namespace fl::proxy::middleware
