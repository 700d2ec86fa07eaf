#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/strings.h"
#include "control/schedule/query.h"
#include "control/schedule/query_date.h"
#include "control/schedule/query_node.h"

namespace fl::control::schedule {
namespace {

using Kind = QueryNode::Kind;
using Operator = QueryNode::Operator;
using Subject = QueryNode::Subject;

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool is_word(char c) { return is_alnum(c) || c == '_'; }
// Attribute names: letters, digits and these (AWS: Attribute.name).
constexpr bool is_attribute_name(char c) { return is_word(c) || c == '-' || c == '.' || c == '/' || c == '\\'; }

enum class Compares : uint8_t { as_text, in_order, both };

struct SubjectName {
  std::string_view name;
  Subject subject;
  Compares compares;  // as_text: ==, in, =~; in_order: ==, <, >; both: those and exists
};

constexpr std::array kSubjects{
    SubjectName{"agentConnected", Subject::agent_connected, Compares::as_text},
    SubjectName{"agentVersion", Subject::agent_version, Compares::in_order},
    SubjectName{"attribute:", Subject::attribute, Compares::both},
    SubjectName{"ec2InstanceId", Subject::ec2_instance_id, Compares::as_text},
    SubjectName{"registeredAt", Subject::registered_at, Compares::in_order},
    SubjectName{"runningTasksCount", Subject::running_tasks_count, Compares::in_order},
    SubjectName{"task:family", Subject::task_family, Compares::as_text},
    SubjectName{"task:group", Subject::task_group, Compares::as_text},
};

struct OperatorName {
  std::string_view name;
  Operator op;
  bool negated;
};

// Of two that begin alike, the longer stands first.
constexpr std::array kOperators{
    OperatorName{"==", Operator::equals, false},
    OperatorName{"=~", Operator::matches, false},
    OperatorName{"!=", Operator::equals, true},
    OperatorName{"!~", Operator::matches, true},
    OperatorName{"!in", Operator::in, true},
    OperatorName{"!exists", Operator::exists, true},
    OperatorName{">=", Operator::greater_equal, false},
    OperatorName{">", Operator::greater, false},
    OperatorName{"<=", Operator::less_equal, false},
    OperatorName{"<", Operator::less, false},
    OperatorName{"equals", Operator::equals, false},
    OperatorName{"not_equals", Operator::equals, true},
    OperatorName{"greater_than_equal", Operator::greater_equal, false},
    OperatorName{"greater_than", Operator::greater, false},
    OperatorName{"less_than_equal", Operator::less_equal, false},
    OperatorName{"less_than", Operator::less, false},
    OperatorName{"in", Operator::in, false},
    OperatorName{"not_in", Operator::in, true},
    OperatorName{"matches", Operator::matches, false},
    OperatorName{"not_matches", Operator::matches, true},
    OperatorName{"exists", Operator::exists, false},
    OperatorName{"not_exists", Operator::exists, true},
};

bool may_compare(Compares compares, Operator op) {
  switch (op) {
    case Operator::equals: return true;
    case Operator::in:
    case Operator::matches: return compares != Compares::in_order;
    case Operator::exists: return compares == Compares::both;
    default: return compares != Compares::as_text;
  }
}

std::string_view operators_of(Compares compares) {
  switch (compares) {
    case Compares::as_text: return "==, !=, in, !in, =~ or !~";
    case Compares::in_order: return "==, !=, >, >=, < or <=";
    case Compares::both: break;
  }
  return "==, !=, >, >=, <, <=, in, !in, =~, !~, exists or !exists";
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<QueryNode> parse() {
    if (text_.size() > Query::kMaxBytes)
      return fail(Code::invalid, fmt::format("query of {} bytes is longer than {}", text_.size(), Query::kMaxBytes));
    FL_TRY(QueryNode root, parse_any(0));
    skip_space();
    if (pos_ < text_.size()) return error_at(pos_, "want and, or, or the end");
    return root;
  }

 private:
  Result<QueryNode> parse_any(int depth) {
    return parse_list("or", "||", Kind::any, [&] { return parse_all(depth); });
  }

  Result<QueryNode> parse_all(int depth) {
    return parse_list("and", "&&", Kind::all, [&] { return parse_term(depth); });
  }

  // operand { separator operand }; a single operand stays itself.
  template <class ParseOperand>
  Result<QueryNode> parse_list(std::string_view word, std::string_view sign, Kind kind, ParseOperand parse_operand) {
    FL_TRY(QueryNode first, parse_operand());
    if (!accept(word) && !accept(sign)) return first;
    QueryNode list{.kind = kind};
    list.operands.push_back(std::move(first));
    do {
      FL_TRY(QueryNode next, parse_operand());
      list.operands.push_back(std::move(next));
    } while (accept(word) || accept(sign));
    return list;
  }

  Result<QueryNode> parse_term(int depth) {
    if (depth > Query::kMaxDepth)
      return error_at(pos_, fmt::format("brackets and negations are nested deeper than {}", Query::kMaxDepth));
    if (accept("not") || accept("!")) {
      FL_TRY(QueryNode operand, parse_term(depth + 1));
      QueryNode node{.kind = Kind::negation};
      node.operands.push_back(std::move(operand));
      return node;
    }
    if (accept("(")) {
      FL_TRY(QueryNode inner, parse_any(depth + 1));
      if (!accept(")")) return error_at(pos_, "want and, or, or )");
      return inner;
    }
    return parse_test();
  }

  Result<QueryNode> parse_test() {
    skip_space();
    const size_t begin = pos_;
    const auto* subject = std::ranges::find_if(kSubjects, [&](const SubjectName& s) { return accept(s.name); });
    if (subject == kSubjects.end())
      return error_at(begin, "want a subject such as attribute:NAME, task:group, agentVersion or runningTasksCount");
    QueryNode test{.subject = subject->subject};
    if (test.subject == Subject::attribute) {
      const size_t name = pos_;
      while (pos_ < text_.size() && is_attribute_name(text_[pos_])) ++pos_;
      if (pos_ == name) return error_at(name, "want the attribute's name behind attribute:");
      test.attribute = text_.substr(name, pos_ - name);
    }
    skip_space();
    const size_t at = pos_;
    const auto* op = std::ranges::find_if(kOperators, [&](const OperatorName& o) { return accept(o.name); });
    if (op == kOperators.end() || !may_compare(subject->compares, op->op)) {
      const std::string_view name = test.subject == Subject::attribute ? "an attribute" : subject->name;
      return error_at(at, fmt::format("want an operator of {}: {}", name, operators_of(subject->compares)));
    }
    test.op = op->op;
    test.negated = op->negated;
    if (test.op != Operator::exists) FL_TRY_VOID(parse_argument(test));
    return test;
  }

  Result<void> parse_argument(QueryNode& test) {
    skip_space();
    const size_t at = pos_;
    if (test.op == Operator::in) {
      if (!accept("[")) return error_at(at, "want a list such as [a, b]");
      do {
        FL_TRY(std::string item, parse_value(false));
        test.arguments.push_back(std::move(item));
      } while (accept(","));
      if (!accept("]")) return error_at(pos_, "want , or ]");
    } else {
      FL_TRY(std::string value, parse_value(test.op == Operator::matches));
      test.arguments.push_back(std::move(value));
    }
    return compile_argument(test, at);
  }

  Result<void> compile_argument(QueryNode& test, size_t at) const {
    const std::string& argument = test.arguments[0];
    if (test.op == Operator::matches) {
      auto pattern = Regex::compile("\\A(?:" + argument + ")\\z");
      if (!pattern || !Regex::compile(argument)) return error_at(at, "this is not a regular expression (RE2)");
      test.pattern = *std::move(pattern);
    } else if (test.subject == Subject::running_tasks_count) {
      const auto number = parse_int(argument);
      if (!number) return error_at(at, "want a whole number");
      test.number = *number;
    } else if (test.subject == Subject::registered_at) {
      const auto date = parse_query_date(argument);
      if (!date) return error_at(at, "want a date such as 2018-06-18 or 2018-06-18T22:28:28Z");
      test.number = *date;
    } else if (test.subject == Subject::agent_connected) {
      const auto is_truth = [](const std::string& a) { return a == "true" || a == "false"; };
      if (!std::ranges::all_of(test.arguments, is_truth)) return error_at(at, "want true or false");
    }
    return {};
  }

  // A quoted text, or a word up to a space, comma or bracket. A pattern may hold commas, and brackets that it closes.
  Result<std::string> parse_value(bool is_pattern) {
    skip_space();
    const size_t begin = pos_;
    if (pos_ < text_.size() && (text_[pos_] == '\'' || text_[pos_] == '"')) {
      const size_t end = text_.find(text_[pos_], pos_ + 1);
      if (end == text_.npos) return error_at(begin, fmt::format("this text is not closed by {}", text_[begin]));
      pos_ = end + 1;
      return std::string(text_.substr(begin + 1, end - begin - 1));
    }
    int open = 0;
    for (; pos_ < text_.size() && !is_space(text_[pos_]); ++pos_) {
      const char c = text_[pos_];
      if (is_pattern) {
        if (c == '(' || c == '[') ++open;
        if ((c == ')' || c == ']') && --open < 0) break;
      } else if (std::string_view("()[],'\"").contains(c)) {
        break;
      }
      if (text_.substr(pos_).starts_with("&&") || text_.substr(pos_).starts_with("||")) break;
    }
    if (pos_ == begin) return error_at(begin, "want a value");
    return std::string(text_.substr(begin, pos_ - begin));
  }

  void skip_space() {
    while (pos_ < text_.size() && is_space(text_[pos_])) ++pos_;
  }

  // Takes the token if it stands here; a word only if it ends here too, so that "order" does not begin with "or".
  bool accept(std::string_view token) {
    skip_space();
    const std::string_view rest = text_.substr(pos_);
    if (!rest.starts_with(token)) return false;
    if (is_word(token.back()) && rest.size() > token.size() && is_word(rest[token.size()])) return false;
    pos_ += token.size();
    return true;
  }

  tl::unexpected<Error> error_at(size_t at, std::string_view what) const {
    size_t end = std::min(at + 1, text_.size());
    while (end < text_.size() && end < at + 20 && !is_space(text_[end])) ++end;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    const std::string found =
        at >= text_.size() ? "the query ends here" : fmt::format("found \"{}\"", text_.substr(at, end - at));
    return fail(Code::invalid, fmt::format("column {}: {}, {}", at + 1, found, what));
  }

  const std::string_view text_;
  size_t pos_ = 0;
};

}  // namespace

Result<QueryNode> parse_query(std::string_view text) { return Parser(text).parse(); }

}  // namespace fl::control::schedule
