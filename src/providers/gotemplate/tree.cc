#include "providers/gotemplate/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/strings.h"

namespace fl::providers::gotemplate {
namespace {

constexpr int kMaxDepth = 100;  // of blocks and brackets

template <class T>
using Parsed = tl::expected<T, TemplateError>;

// How a list of nodes ended.
enum class Ending : uint8_t { end, else_, eof };

class Parser {
 public:
  Parser(std::vector<Token> tokens, Dialect dialect) : tokens_(std::move(tokens)), dialect_(dialect) {}

  Parsed<Tree> run() {
    FL_TRY(Ending ending, nodes(tree_.nodes));
    if (ending != Ending::eof)
      return error(last_, ending == Ending::end ? "unexpected {{end}}" : "unexpected {{else}}");
    return std::move(tree_);
  }

 private:
  static tl::unexpected<TemplateError> error(const Token& at, std::string text) {
    return tl::make_unexpected(TemplateError{at.offset, std::move(text)});
  }

  const Token& peek() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_++]; }
  bool accept(TokenKind kind) { return peek().kind == kind && (++at_, true); }
  bool accept_word(std::string_view word) {
    return peek().kind == TokenKind::identifier && peek().view == word && (++at_, true);
  }
  Parsed<void> expect_close(std::string_view after) {
    if (!accept(TokenKind::close)) return error(peek(), fmt::format("unexpected {} in {}", found(peek()), after));
    return {};
  }
  static std::string found(const Token& token) {
    return token.kind == TokenKind::end ? "end of file" : fmt::format("\"{}\"", token.view);
  }

  // Nodes up to {{end}}, {{else or the end of the text; last_ is then that place, at_ behind the keyword.
  Parsed<Ending> nodes(std::vector<Node>& out) {
    while (true) {
      const Token& token = take();
      last_ = token;
      if (token.kind == TokenKind::end) {
        --at_;
        return Ending::eof;
      }
      if (token.kind == TokenKind::text) {
        out.push_back({.kind = Node::Kind::text, .offset = token.offset, .text = std::string(token.view)});
        continue;
      }
      if (accept_word("end")) {
        FL_TRY_VOID(expect_close("end"));
        return Ending::end;
      }
      if (accept_word("else")) return Ending::else_;
      FL_TRY_VOID(action(token, out));
    }
  }

  Parsed<void> action(const Token& open, std::vector<Node>& out) {
    const Token keyword = peek();
    if (accept_word("if")) return block(Node::Kind::if_, keyword, out);
    if (accept_word("with")) return block(Node::Kind::with, keyword, out);
    if (accept_word("range")) return block(Node::Kind::range, keyword, out);
    if (accept_word("define")) return define(keyword);
    if (accept_word("block")) return block_definition(keyword, out);
    if (accept_word("template")) return invoke(keyword, out);
    if (accept_word("break") || accept_word("continue")) {
      if (loops_ == 0) return error(keyword, fmt::format("{{{{{}}}}} outside {{{{range}}}}", keyword.view));
      out.push_back(
          {.kind = keyword.view == "break" ? Node::Kind::break_ : Node::Kind::continue_, .offset = keyword.offset});
      return expect_close(keyword.view);
    }
    Node node{.kind = Node::Kind::print, .offset = open.offset};
    FL_TRY(node.pipeline, pipeline("command", 1));
    out.push_back(std::move(node));
    return expect_close("command");
  }

  Parsed<void> block(Node::Kind kind, const Token& keyword, std::vector<Node>& out) {
    if (++depth_ > kMaxDepth) return error(keyword, "blocks are nested too deep");
    const size_t scope = variables_.size();
    Node node{.kind = kind, .offset = keyword.offset};
    FL_TRY(node.pipeline, pipeline(keyword.view, kind == Node::Kind::range ? 2 : 1));
    FL_TRY_VOID(expect_close(keyword.view));
    if (kind == Node::Kind::range) ++loops_;
    FL_TRY(Ending ending, nodes(node.body));
    if (kind == Node::Kind::range) --loops_;
    if (ending == Ending::else_) {
      const Token chained = peek();
      if ((kind == Node::Kind::if_ && accept_word("if")) || (kind == Node::Kind::with && accept_word("with"))) {
        FL_TRY_VOID(block(kind, chained, node.otherwise));  // takes the shared {{end}}
        ending = Ending::end;
      } else {
        FL_TRY_VOID(expect_close("else"));
        FL_TRY(ending, nodes(node.otherwise));
      }
    }
    if (ending == Ending::eof) return error(keyword, fmt::format("{{{{{}}}}} has no {{{{end}}}}", keyword.view));
    if (ending == Ending::else_) return error(last_, "expected {{end}}, found {{else}}");
    variables_.resize(scope);
    --depth_;
    out.push_back(std::move(node));
    return {};
  }

  Parsed<std::string> template_name(const Token& keyword) {
    if (peek().kind != TokenKind::string)
      return error(peek(), fmt::format("unexpected {} in {}, want a name in quotes", found(peek()), keyword.view));
    return take().value;
  }

  // The body of a definition sees no variables but its own $, and does not loop.
  Parsed<void> definition_body(const Token& keyword, std::string name) {
    if (++depth_ > kMaxDepth) return error(keyword, "blocks are nested too deep");
    std::vector<std::string> outer = std::exchange(variables_, {"$"});
    const int outer_loops = std::exchange(loops_, 0);
    std::vector<Node> body;
    FL_TRY(Ending ending, nodes(body));
    if (ending != Ending::end) return error(keyword, fmt::format("{{{{{}}}}} has no {{{{end}}}}", keyword.view));
    variables_ = std::move(outer);
    loops_ = outer_loops;
    --depth_;
    tree_.defined.insert_or_assign(std::move(name), std::move(body));
    return {};
  }

  Parsed<void> define(const Token& keyword) {
    if (depth_ > 0) return error(keyword, "unexpected {{define}} inside a block");
    FL_TRY(std::string name, template_name(keyword));
    FL_TRY_VOID(expect_close("define"));
    return definition_body(keyword, std::move(name));
  }

  Parsed<void> invoke(const Token& keyword, std::vector<Node>& out) {
    Node node{.kind = Node::Kind::invoke, .offset = keyword.offset};
    FL_TRY(node.text, template_name(keyword));
    if (accept(TokenKind::close)) {
      node.pipeline.commands.push_back({});
      node.pipeline.commands.back().push_back({.kind = Operand::Kind::literal});
    } else {
      FL_TRY(node.pipeline, pipeline("template", 0));
      FL_TRY_VOID(expect_close("template"));
    }
    out.push_back(std::move(node));
    return {};
  }

  Parsed<void> block_definition(const Token& keyword, std::vector<Node>& out) {
    Node node{.kind = Node::Kind::invoke, .offset = keyword.offset};
    FL_TRY(node.text, template_name(keyword));
    FL_TRY(node.pipeline, pipeline("block", 0));
    FL_TRY_VOID(expect_close("block"));
    FL_TRY_VOID(definition_body(keyword, node.text));
    out.push_back(std::move(node));
    return {};
  }

  // [variables :=] command { | command }, up to a closing token that stays.
  Parsed<Pipeline> pipeline(std::string_view where, size_t max_variables) {
    Pipeline result{.offset = peek().offset};
    if (max_variables > 0) FL_TRY_VOID(declaration(result, max_variables));
    do {
      FL_TRY(std::vector<Operand> words, command(where));
      if (!result.commands.empty() && words[0].kind != Operand::Kind::function)
        return error(peek(), "a value cannot take the result of a command; only a function can");
      result.commands.push_back(std::move(words));
    } while (accept(TokenKind::pipe));
    for (const std::string& variable : result.variables)
      if (result.declares) variables_.push_back(variable);
    return result;
  }

  Parsed<void> declaration(Pipeline& result, size_t max_variables) {
    const size_t start = at_;
    std::vector<std::string> names;
    while (peek().kind == TokenKind::variable) {
      names.emplace_back(take().view);
      if (!accept(TokenKind::comma)) break;
    }
    const Token& sign = peek();
    if (names.empty() || (sign.kind != TokenKind::declare && sign.kind != TokenKind::assign)) {
      if (names.size() > 1) return error(sign, "expected := after the variables");
      at_ = start;
      return {};
    }
    if (names.size() > max_variables) return error(sign, "too many declarations");
    result.declares = take().kind == TokenKind::declare;
    for (const std::string& name : names)
      if (!result.declares && !is_known(name)) return error(sign, fmt::format("undefined variable \"{}\"", name));
    result.variables = std::move(names);
    return {};
  }

  Parsed<std::vector<Operand>> command(std::string_view where) {
    std::vector<Operand> words;
    while (true) {
      const TokenKind kind = peek().kind;
      if (kind == TokenKind::close || kind == TokenKind::right_bracket || kind == TokenKind::pipe) break;
      if (!words.empty() && !peek().after_space)
        return error(peek(), fmt::format("unexpected {} in {}, want a space before it", found(peek()), where));
      FL_TRY(Operand word, operand(where));
      words.push_back(std::move(word));
    }
    if (words.empty()) return error(peek(), fmt::format("missing value for {}", where));
    if (words.size() > 1 && words[0].kind != Operand::Kind::function)
      return error(peek(), "only a function can be given arguments");
    return words;
  }

  Parsed<Operand> operand(std::string_view where) {
    const Token token = take();
    Operand result{.offset = token.offset};
    switch (token.kind) {
      case TokenKind::dot: break;
      case TokenKind::field:
        result.offset = token.offset - 1;  // at the dot
        result.fields.emplace_back(token.view);
        break;
      case TokenKind::variable:
        if (!is_known(token.view)) return error(token, fmt::format("undefined variable \"{}\"", token.view));
        result.kind = Operand::Kind::variable;
        result.name = token.view;
        break;
      case TokenKind::string:
        result.kind = Operand::Kind::literal;
        result.literal = token.value;
        break;
      case TokenKind::integer:
      case TokenKind::real: {
        result.kind = Operand::Kind::literal;
        const auto number = parse_number(token);
        if (!number) return error(token, fmt::format("bad number {}", token.view));
        result.literal = *number;
        break;
      }
      case TokenKind::left_bracket: {
        if (++depth_ > kMaxDepth) return error(token, "brackets are nested too deep");
        FL_TRY(Pipeline inner, pipeline("brackets", 0));
        if (!accept(TokenKind::right_bracket))
          return error(peek(), fmt::format("unexpected {}, want )", found(peek())));
        --depth_;
        result.kind = Operand::Kind::pipeline;
        result.pipeline = std::make_unique<Pipeline>(std::move(inner));
        break;
      }
      case TokenKind::identifier: FL_TRY_VOID(word(token, result)); break;
      default: return error(token, fmt::format("unexpected {} in {}", found(token), where));
    }
    while (peek().kind == TokenKind::field && peek().offset == end_of(tokens_[at_ - 1]) + 1) {
      if (result.kind == Operand::Kind::literal || result.kind == Operand::Kind::function)
        return error(peek(), fmt::format("unexpected .{} after it", peek().view));
      result.fields.emplace_back(take().view);
    }
    return result;
  }

  Parsed<void> word(const Token& token, Operand& result) {
    result.kind = Operand::Kind::literal;
    if (token.view == "true" || token.view == "false") {
      result.literal = token.view == "true";
    } else if (token.view != "nil") {
      result.kind = Operand::Kind::function;
      result.function = find_function(token.view, dialect_);
      if (result.function == nullptr) return error(token, fmt::format("function \"{}\" not defined", token.view));
    }
    return {};
  }

  static std::optional<json::Value> parse_number(const Token& token) {
    if (token.view.starts_with('\'')) return json::Value(int64_t{token.view[1]});
    std::string text(token.view);
    std::erase(text, '_');
    char* end = nullptr;
    errno = 0;
    const json::Value value = token.kind == TokenKind::real
                                  ? json::Value(std::strtod(text.c_str(), &end))
                                  : json::Value(static_cast<int64_t>(std::strtoll(text.c_str(), &end, 0)));
    if (errno != 0 || *end != '\0') return std::nullopt;
    return value;
  }

  static size_t end_of(const Token& token) { return token.offset + token.view.size(); }
  bool is_known(std::string_view variable) const { return std::ranges::find(variables_, variable) != variables_.end(); }

  const std::vector<Token> tokens_;
  const Dialect dialect_;
  Tree tree_;
  size_t at_ = 0;
  Token last_;
  int depth_ = 0;
  int loops_ = 0;
  std::vector<std::string> variables_{"$"};  // in scope
};

}  // namespace

tl::expected<Tree, TemplateError> parse_tree(std::string_view source, Dialect dialect) {
  FL_TRY(std::vector<Token> tokens, lex(source));
  return Parser(std::move(tokens), dialect).run();
}

}  // namespace fl::providers::gotemplate
