#include "providers/gotemplate/lexer.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "config/expression/string_literal.h"

namespace fl::providers::gotemplate {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool is_space(char c) { return kSpace.find(c) != kSpace.npos; }
// Letters beyond ASCII count as letters, as in Go, without a look at what they are.
bool is_name(char c) { return is_alnum(c) || c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  tl::expected<std::vector<Token>, TemplateError> run() {
    bool trims_left = false;  // the action before ended with -}}
    while (true) {
      const size_t open = source_.find("{{", at_);
      std::string_view text = source_.substr(at_, open == source_.npos ? open : open - at_);
      const size_t text_at = at_;
      const bool trims_right = open != source_.npos && has_left_marker(open + 2);
      if (trims_left) text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
      if (trims_right) text = text.substr(0, text.find_last_not_of(kSpace) + 1);
      if (!text.empty()) tokens_.push_back({.kind = TokenKind::text, .offset = to_offset(text_at), .view = text});
      if (open == source_.npos) break;
      at_ = open + (trims_right ? 3 : 2);
      if (const auto done = action(open, trims_left); !done) return tl::make_unexpected(done.error());
    }
    at_ = source_.size();
    push(TokenKind::end, at_, 0);
    return std::move(tokens_);
  }

 private:
  using Done = tl::expected<void, TemplateError>;

  // `- ` after {{ or ` -` before }}: the space belongs to the marker, so that {{-1}} is a number.
  bool has_left_marker(size_t at) const {
    return at + 1 < source_.size() && source_[at] == '-' && is_space(source_[at + 1]);
  }

  // From behind {{ to behind }}; `trims` becomes whether it ended with -}}.
  Done action(size_t open, bool& trims) {
    size_t start = at_;
    while (start < source_.size() && is_space(source_[start])) ++start;
    if (source_.substr(start).starts_with("/*")) return comment(start, trims);
    push(TokenKind::open, open, 2);
    int depth = 0;
    while (true) {
      const size_t before = at_;
      while (at_ < source_.size() && is_space(source_[at_])) ++at_;
      space_ = at_ > before;
      if (at_ == source_.size()) return error(open, "unclosed action");
      trims = space_ && source_.substr(at_).starts_with("-}}");
      if (trims || source_.substr(at_).starts_with("}}")) break;
      if (const auto done = token(depth); !done) return done;
    }
    if (depth > 0) return error(at_, "unclosed left paren");
    push(TokenKind::close, at_, trims ? 3 : 2);
    at_ += trims ? 3 : 2;
    return {};
  }

  Done comment(size_t start, bool& trims) {
    const size_t end = source_.find("*/", start + 2);
    if (end == source_.npos) return error(start, "unclosed comment");
    at_ = end + 2;
    const bool spaced = at_ < source_.size() && is_space(source_[at_]);
    while (at_ < source_.size() && is_space(source_[at_])) ++at_;
    trims = spaced && source_.substr(at_).starts_with("-}}");
    if (!trims && !source_.substr(at_).starts_with("}}")) return error(start, "comment ends before closing delimiter");
    at_ += trims ? 3 : 2;
    return {};
  }

  Done token(int& depth) {
    const char c = source_[at_];
    const char next = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
    switch (c) {
      case '|': return take(TokenKind::pipe, 1);
      case ',': return take(TokenKind::comma, 1);
      case '(': ++depth; return take(TokenKind::left_bracket, 1);
      case ')':
        if (--depth < 0) return error(at_, "unexpected right paren");
        return take(TokenKind::right_bracket, 1);
      case '=': return take(TokenKind::assign, 1);
      case ':': return next == '=' ? take(TokenKind::declare, 2) : error(at_, "expected :=");
      case '"':
      case '`': return string();
      case '\'': return character();
      case '$': return take(TokenKind::variable, name_end(at_ + 1) - at_);
      case '.':
        if (is_digit(next)) return number();
        if (is_name(next)) {
          const size_t end = name_end(at_ + 1);
          push(TokenKind::field, at_ + 1, end - at_ - 1);
          at_ = end;
          return {};
        }
        return take(TokenKind::dot, 1);
      default: break;
    }
    if (is_digit(c) || ((c == '-' || c == '+') && (is_digit(next) || next == '.'))) return number();
    if (is_name(c)) return take(TokenKind::identifier, name_end(at_) - at_);
    return error(at_, fmt::format("unexpected character {:?} in action", std::string_view(&c, 1)));
  }

  Done string() {
    auto literal = config::expression::parse_string_literal(source_.substr(at_));
    if (!literal) return error(at_, literal.error().message);
    push(TokenKind::string, at_, literal->size);
    tokens_.back().value = std::move(literal->value);
    at_ += literal->size;
    return {};
  }

  // 'x' is a number in Go; only plain ASCII characters are taken.
  Done character() {
    if (at_ + 2 >= source_.size() || source_[at_ + 2] != '\'' || source_[at_ + 1] == '\\' ||
        static_cast<unsigned char>(source_[at_ + 1]) < ' ' || (source_[at_ + 1] & 0x80) != 0)
      return error(at_, "malformed character constant");
    push(TokenKind::integer, at_, 3);
    at_ += 3;
    return {};
  }

  Done number() {
    size_t end = at_ + (source_[at_] == '-' || source_[at_] == '+' ? 1 : 0);
    const bool is_hex = source_.substr(end, 2) == "0x" || source_.substr(end, 2) == "0X";
    bool is_real = false;
    while (end < source_.size()) {
      const char c = source_[end];
      const bool is_exponent = !is_hex && ascii_lower(c) == 'e';
      if (is_exponent && end + 1 < source_.size() && (source_[end + 1] == '-' || source_[end + 1] == '+')) ++end;
      if (!is_name(c) && c != '.') break;
      is_real |= is_exponent || c == '.';
      ++end;
    }
    return take(is_real ? TokenKind::real : TokenKind::integer, end - at_);
  }

  size_t name_end(size_t from) const {
    while (from < source_.size() && is_name(source_[from])) ++from;
    return from;
  }

  Done take(TokenKind kind, size_t size) {
    push(kind, at_, size);
    at_ += size;
    return {};
  }
  void push(TokenKind kind, size_t at, size_t size) {
    tokens_.push_back({.kind = kind, .offset = to_offset(at), .after_space = space_, .view = source_.substr(at, size)});
  }
  static uint32_t to_offset(size_t at) { return static_cast<uint32_t>(at); }
  static Done error(size_t at, std::string text) { return tl::make_unexpected(TemplateError{at, std::move(text)}); }

  const std::string_view source_;
  size_t at_ = 0;
  bool space_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

tl::expected<std::vector<Token>, TemplateError> lex(std::string_view source) { return Lexer(source).run(); }

}  // namespace fl::providers::gotemplate
