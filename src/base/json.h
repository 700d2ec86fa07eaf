// JSON behind our own front: a value for documents we read, a writer for text we make. Boost.JSON parses and never
// shows in a header. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace fl::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;  // in document order; parse() refuses a key that comes twice

class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool b) : v_(b) {}
  Value(int n) : v_(static_cast<int64_t>(n)) {}
  Value(int64_t n) : v_(n) {}
  Value(double n) : v_(n) {}
  Value(std::string s) : v_(std::move(s)) {}
  Value(std::string_view s) : v_(std::string(s)) {}
  Value(const char* s) : v_(std::string(s)) {}
  Value(Array a) : v_(std::move(a)) {}
  Value(Object o) : v_(std::move(o)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(v_); }
  const bool* if_bool() const { return std::get_if<bool>(&v_); }
  const int64_t* if_int() const { return std::get_if<int64_t>(&v_); }
  std::optional<double> if_number() const;
  const std::string* if_string() const { return std::get_if<std::string>(&v_); }
  const Array* if_array() const { return std::get_if<Array>(&v_); }
  const Object* if_object() const { return std::get_if<Object>(&v_); }
  Array* if_array() { return std::get_if<Array>(&v_); }
  Object* if_object() { return std::get_if<Object>(&v_); }

  // The member called `key`, or null when this is no object or has none.
  const Value* find(std::string_view key) const;
  // Text of a member; empty when it is absent or no string.
  std::string_view string_at(std::string_view key) const;

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> v_;
};

// RFC 8259; depth at most 64; trailing text, duplicate keys and invalid UTF-8 are errors. The message says the offset.
Result<Value> parse(std::string_view text);

// Compact text. `html_escape` writes < > & as \u003c..., as Go's encoder and so Traefik's API does.
std::string to_text(const Value& value, bool html_escape = false);
// Appends `s` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view s, bool html_escape = false);

}  // namespace fl::json
