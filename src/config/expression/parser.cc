#include "config/expression/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "config/expression/string_literal.h"

namespace fl::config::expression {
namespace {

constexpr bool is_name_start(char c) { return (is_alnum(c) && !is_digit(c)) || c == '_'; }
constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_spelling_of(std::string_view written, std::string_view name) {
  if (written == name) return true;
  if (!iequals(written, name)) return false;
  const auto is_lower = [](char c) { return c == ascii_lower(c); };
  const auto is_upper = [](char c) { return c == ascii_upper(c); };
  return std::ranges::all_of(written, is_upper) ||
         (std::ranges::all_of(written.substr(1), is_lower) && (is_lower(written[0]) || is_upper(written[0])));
}

class Parser {
 public:
  Parser(std::string_view rule, std::span<const MatcherName> table) : rule_(rule), table_(table) {}

  Result<Expression> parse() {
    if (rule_.size() > kMaxRuleBytes)
      return fail(Code::invalid, fmt::format("rule of {} bytes is longer than {}", rule_.size(), kMaxRuleBytes));
    FL_TRY(Expression expression, parse_any(false, 0));
    skip_space();
    if (pos_ < rule_.size()) return error_at(pos_, "unexpected " + found() + ", want && or || or the end");
    return expression;
  }

 private:
  Result<Expression> parse_any(bool negated, int depth) {
    return parse_list("||", negated ? Expression::Kind::all : Expression::Kind::any,
                      [&] { return parse_all(negated, depth); });
  }

  Result<Expression> parse_all(bool negated, int depth) {
    return parse_list("&&", negated ? Expression::Kind::any : Expression::Kind::all,
                      [&] { return parse_unary(negated, depth); });
  }

  // operand { separator operand }; a single operand stays itself.
  template <class ParseOperand>
  Result<Expression> parse_list(std::string_view separator, Expression::Kind kind, ParseOperand parse_operand) {
    FL_TRY(Expression first, parse_operand());
    if (!accept(separator)) return first;
    Expression list{.kind = kind, .matcher_count = first.matcher_count};
    list.operands.push_back(std::move(first));
    do {
      FL_TRY(Expression next, parse_operand());
      list.matcher_count += next.matcher_count;
      list.operands.push_back(std::move(next));
    } while (accept(separator));
    return list;
  }

  Result<Expression> parse_unary(bool negated, int depth) {
    if (depth > kMaxRuleDepth)
      return error_at(pos_, fmt::format("brackets and ! are nested deeper than {}", kMaxRuleDepth));
    if (accept("!")) return parse_unary(!negated, depth + 1);
    if (accept("(")) {
      FL_TRY(Expression inner, parse_any(negated, depth + 1));
      if (!accept(")")) return error_at(pos_, "unexpected " + found() + ", want && or || or )");
      return inner;
    }
    return parse_matcher(negated);
  }

  Result<Expression> parse_matcher(bool negated) {
    skip_space();
    const size_t begin = pos_;
    while (pos_ < rule_.size() && (is_name_start(rule_[pos_]) || (pos_ > begin && is_digit(rule_[pos_])))) ++pos_;
    const std::string_view name = rule_.substr(begin, pos_ - begin);
    if (name.empty()) return error_at(begin, "unexpected " + found() + ", want a matcher such as Host(`example.com`)");
    const auto line = std::ranges::find_if(table_, [&](const auto& l) { return is_spelling_of(name, l.name); });
    if (line == table_.end()) return unknown_matcher(begin, name);
    Expression matcher{.negated = negated, .matcher = static_cast<uint8_t>(line - table_.begin())};
    FL_TRY(matcher.args, parse_args());
    matcher.begin = static_cast<uint32_t>(begin);
    matcher.end = static_cast<uint32_t>(pos_);
    const bool has_empty = std::ranges::find(matcher.args, "") != matcher.args.end();
    if (matcher.args.empty() || (has_empty && !line->may_be_empty))
      return error_at(begin, fmt::format("empty args for matcher {}, [{}]", line->name, join(matcher.args, " ")));
    if (matcher.args.size() < line->min_args || matcher.args.size() > line->max_args) {
      std::vector<std::string> counts;
      for (int n = line->min_args; n <= line->max_args; ++n) counts.push_back(std::to_string(n));
      return error_at(begin, fmt::format("unexpected number of parameters; got {}, expected one of [{}]",
                                         matcher.args.size(), join(counts, " ")));
    }
    return matcher;
  }

  Result<std::vector<std::string>> parse_args() {
    std::vector<std::string> args;
    if (!accept("(")) return error_at(pos_, "unexpected " + found() + ", want (");
    while (!accept(")")) {
      if (!args.empty() && !accept(",")) return error_at(pos_, "unexpected " + found() + ", want , or )");
      if (!args.empty() && accept(")")) break;
      skip_space();
      if (pos_ == rule_.size() || (rule_[pos_] != '`' && rule_[pos_] != '"'))
        return error_at(pos_, "unexpected " + found() + ", want a string in ` or \"");
      auto literal = parse_string_literal(rule_.substr(pos_));
      if (!literal) return error_at(pos_, literal.error().message);
      pos_ += literal->size;
      args.push_back(std::move(literal->value));
    }
    return args;
  }

  tl::unexpected<Error> unknown_matcher(size_t at, std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& line : table_) names.push_back(line.name);
    std::string message = fmt::format("unknown matcher \"{}\"", name);
    if (const auto near = nearest(name, names)) {
      message += fmt::format(", did you mean {}?", *near);
    } else {
      message += ", want one of ";
      for (const auto& n : names) message += fmt::format("{}{}", &n == names.data() ? "" : ", ", n);
    }
    return error_at(at, message);
  }

  void skip_space() {
    while (pos_ < rule_.size() && is_space(rule_[pos_])) ++pos_;
  }

  bool accept(std::string_view token) {
    skip_space();
    if (!rule_.substr(pos_).starts_with(token)) return false;
    pos_ += token.size();
    return true;
  }

  // What stands at the current place, for a message.
  std::string found() const {
    if (pos_ >= rule_.size()) return "end of rule";
    size_t end = pos_ + 1;
    if (is_name_start(rule_[pos_])) {
      while (end < rule_.size() && end < pos_ + 20 && is_alnum(rule_[end])) ++end;
    } else {
      while (end < rule_.size() && (static_cast<unsigned char>(rule_[end]) & 0xC0) == 0x80) ++end;
    }
    return fmt::format("\"{}\"", rule_.substr(pos_, end - pos_));
  }

  // "rule:1:14: what", and below it the line with a caret under the place. Columns count bytes from 1, as Go's do.
  tl::unexpected<Error> error_at(size_t at, std::string_view what) const {
    constexpr size_t kBefore = 50, kAfter = 30;
    const std::string_view before = rule_.substr(0, at);
    const size_t line_begin = before.rfind('\n') + 1;  // 0 when there is none
    const size_t column = at - line_begin;
    const size_t from = column > kBefore ? at - kBefore : line_begin;
    const size_t to = std::min({rule_.find('\n', at), at + kAfter, rule_.size()});
    std::string shown(rule_.substr(from, to - from));
    std::ranges::replace_if(shown, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return fail(Code::invalid, fmt::format("rule:{}:{}: {}\n  {}\n  {:>{}}", std::ranges::count(before, '\n') + 1,
                                           column + 1, what, shown, '^', at - from + 1));
  }

  const std::string_view rule_;
  const std::span<const MatcherName> table_;
  size_t pos_ = 0;
};

}  // namespace

Result<Expression> parse(std::string_view rule, std::span<const MatcherName> table) {
  return Parser(rule, table).parse();
}

}  // namespace fl::config::expression
