// Generated shapes -> JSON text (AWS JSON 1.1), as json::to_text(encode(shape)) writes it but with no value in between:
// answers of the control plane, which may hold a hundred tasks. For generated code only; pure.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace fl::ecs {

// Called once for each member with its name on the wire, which needs no escapes.
class JsonTextWriter {
 public:
  explicit JsonTextWriter(std::string& out) : out_(out) { out_ += '{'; }

  template <class T>
  [[gnu::noinline]] void operator()(std::string_view name, const std::optional<T>& member) {
    if (!member) return;
    out_ += has_members_ ? ",\"" : "\"";
    has_members_ = true;
    out_ += name;
    out_ += "\":";
    append(out_, *member);
  }
  void end() { out_ += '}'; }

 private:
  static void append(std::string& out, const std::string& text) { json::append_quoted(out, text); }
  static void append(std::string& out, bool b) { out += b ? "true" : "false"; }
  template <std::signed_integral T>
  static void append(std::string& out, T number) {
    const fmt::format_int digits(number);
    out.append(digits.data(), digits.size());
  }
  // A number of any shape is written in one place.
  static void append(std::string& out, double number) { out += json::to_text(number); }
  static void append(std::string& out, const json::Value& value) { out += json::to_text(value); }
  static void append(std::string& out, WallTime time);

  template <class T>
  static void append(std::string& out, const std::vector<T>& list) {
    out += '[';
    for (bool is_first = true; const auto& item : list) {
      if (!std::exchange(is_first, false)) out += ',';
      append(out, item);
    }
    out += ']';
  }
  template <class T>
  static void append(std::string& out, const std::map<std::string, T>& map) {
    out += '{';
    for (bool is_first = true; const auto& [key, value] : map) {
      if (!std::exchange(is_first, false)) out += ',';
      json::append_quoted(out, key);
      out += ':';
      append(out, value);
    }
    out += '}';
  }
  // A shape: its generated function.
  template <class Shape>
    requires requires(std::string& out, const Shape& shape) { append_json(out, shape); }
  static void append(std::string& out, const Shape& shape) {
    append_json(out, shape);
  }

  std::string& out_;
  bool has_members_ = false;
};

}  // namespace fl::ecs
