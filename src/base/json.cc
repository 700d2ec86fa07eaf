// Parsing is Boost.JSON's push parser feeding our Value directly: no second tree is built. The library is compiled
// into this one file (header-only form), so no other file pays for it.
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>
#include <charconv>
#include <cmath>
#include <unordered_set>

#include "base/strings.h"
#include "base/utf8.h"

namespace fl::json {
namespace {

constexpr size_t kMaxDepth = 64;
// Up to this many members a duplicate key is looked for by plain comparison, above it by a hash set.
constexpr size_t kFewMembers = 32;

// The number in `text`, read exactly: Boost.JSON 1.81's own `estimate` may be off in the last digit. nullopt when no
// double holds it.
std::optional<double> exact_double(std::string_view text, double estimate) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  // Too small is rounded to zero, as every other reader does; too large has no sensible value.
  return std::fabs(estimate) < 1 ? std::optional(0.0) : std::nullopt;
}

// Receives the parser's events. A container is placed into its parent when it opens; the parent does not grow until it
// closes, so plain pointers are stable on the stack of open containers.
class Builder {
 public:
  using string_view = boost::json::string_view;
  using error_code = boost::json::error_code;
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code&) { return open(Object{}); }
  bool on_object_end(size_t, error_code& error) {
    const Object& object = *open_.back()->if_object();
    if (const std::string* key = duplicate(object); key != nullptr) {
      problem = fmt::format("key \"{}\" comes twice", *key);
      return stop(error);
    }
    open_.pop_back();
    return true;
  }
  bool on_array_begin(error_code&) { return open(Array{}); }
  bool on_array_end(size_t, error_code&) {
    open_.pop_back();
    return true;
  }

  bool on_key_part(string_view s, size_t, error_code&) { return append(key_, s); }
  bool on_key(string_view s, size_t, error_code&) { return append(key_, s); }
  bool on_string_part(string_view s, size_t, error_code&) { return append(text_, s); }
  bool on_string(string_view s, size_t, error_code&) {
    append(text_, s);
    put(std::exchange(text_, {}));
    return true;
  }

  bool on_number_part(string_view s, error_code&) { return append(text_, s); }
  bool on_int64(int64_t n, string_view, error_code&) {
    text_.clear();
    put(n);
    return true;
  }
  bool on_uint64(uint64_t n, string_view, error_code&) {
    text_.clear();
    put(static_cast<double>(n));
    return true;
  }
  bool on_double(double estimate, string_view s, error_code& error) {
    append(text_, s);
    const auto value = exact_double(std::exchange(text_, {}), estimate);
    if (!value) {
      problem = "number out of range";
      return stop(error);
    }
    put(*value);
    return true;
  }
  bool on_bool(bool b, error_code&) {
    put(b);
    return true;
  }
  bool on_null(error_code&) {
    put(nullptr);
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  Value root;
  std::string problem;  // ours, when the parser itself had no objection

 private:
  static bool append(std::string& out, string_view s) {
    out.append(s.data(), s.size());
    return true;
  }
  static bool stop(error_code& error) {
    error = boost::json::error::syntax;
    return false;
  }

  static const std::string* duplicate(const Object& object) {
    if (object.size() <= kFewMembers) {
      for (size_t i = 1; i < object.size(); ++i)
        for (size_t j = 0; j < i; ++j)
          if (object[i].first == object[j].first) return &object[i].first;
      return nullptr;
    }
    std::unordered_set<std::string_view> seen;
    for (const auto& [key, value] : object)
      if (!seen.insert(key).second) return &key;
    return nullptr;
  }

  Value* put(Value value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    if (Array* array = open_.back()->if_array()) return &array->emplace_back(std::move(value));
    return &open_.back()->if_object()->emplace_back(std::exchange(key_, {}), std::move(value)).second;
  }
  bool open(Value container) {
    open_.push_back(put(std::move(container)));
    return true;
  }

  std::vector<Value*> open_;
  std::string key_, text_;
};

void append_ascii(std::string& out, char c, bool html_escape) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const bool escape = c < 0x20 || (html_escape && (c == '<' || c == '>' || c == '&'));
  if (escape)
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
  else
    out += c;
}

void append_value(std::string& out, const Value& value, bool html_escape) {
  if (const bool* b = value.if_bool()) {
    out += *b ? "true" : "false";
  } else if (const int64_t* n = value.if_int()) {
    fmt::format_to(std::back_inserter(out), "{}", *n);
  } else if (const auto d = value.if_number()) {
    if (std::isfinite(*d))
      fmt::format_to(std::back_inserter(out), "{}", *d);
    else
      out += "null";
  } else if (const std::string* s = value.if_string()) {
    append_quoted(out, *s, html_escape);
  } else if (const Array* array = value.if_array()) {
    char separator = '[';
    for (const auto& item : *array) {
      out += std::exchange(separator, ',');
      append_value(out, item, html_escape);
    }
    out += array->empty() ? "[]" : "]";
  } else if (const Object* object = value.if_object()) {
    char separator = '{';
    for (const auto& [key, member] : *object) {
      out += std::exchange(separator, ',');
      append_quoted(out, key, html_escape);
      out += ':';
      append_value(out, member, html_escape);
    }
    out += object->empty() ? "{}" : "}";
  } else {
    out += "null";
  }
}

}  // namespace

std::optional<double> Value::if_number() const {
  if (const int64_t* n = std::get_if<int64_t>(&v_)) return static_cast<double>(*n);
  if (const double* d = std::get_if<double>(&v_)) return *d;
  return std::nullopt;
}

const Value* Value::find(std::string_view key) const {
  const Object* object = if_object();
  if (object == nullptr) return nullptr;
  const auto member = std::ranges::find(*object, key, &Member::first);
  return member == object->end() ? nullptr : &member->second;
}

std::string_view Value::string_at(std::string_view key) const {
  const Value* member = find(key);
  const std::string* text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? *text : std::string_view{};
}

Result<Value> parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<Builder> parser(options);
  boost::json::error_code error;
  const size_t read = parser.write_some(false, text.data(), text.size(), error);
  Builder& builder = parser.handler();
  if (!builder.problem.empty())
    return fail(Code::invalid, fmt::format("not valid JSON near byte {}: {}", read, builder.problem));
  if (error) return fail(Code::invalid, fmt::format("not valid JSON near byte {}: {}", read, error.message()));
  if (!trim(text.substr(read)).empty())
    return fail(Code::invalid, fmt::format("not valid JSON near byte {}: text after the value", read));
  return std::move(builder.root);
}

std::string to_text(const Value& value, bool html_escape) {
  std::string out;
  append_value(out, value, html_escape);
  return out;
}

void append_quoted(std::string& out, std::string_view s, bool html_escape) {
  const auto is_special = [html_escape](char c) {
    return c < 0x20 || c > 0x7e || c == '"' || c == '\\' || (html_escape && (c == '<' || c == '>' || c == '&'));
  };
  out += '"';
  while (!s.empty()) {
    const auto plain = static_cast<size_t>(std::ranges::find_if(s, is_special) - s.begin());  // most of most texts
    out.append(s, 0, plain);
    s.remove_prefix(plain);
    if (s.empty()) break;
    const size_t n = utf8_length(s);
    const std::string_view symbol = s.substr(0, std::max<size_t>(n, 1));
    if (n == 0)
      out += "\\ufffd";
    else if (n == 1)
      append_ascii(out, s[0], html_escape);
    else if (symbol == "\u2028" || symbol == "\u2029")  // line ends in old JavaScript; Go escapes them too
      out += symbol == "\u2028" ? "\\u2028" : "\\u2029";
    else
      out += symbol;
    s.remove_prefix(symbol.size());
  }
  out += '"';
}

}  // namespace fl::json
