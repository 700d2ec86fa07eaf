// Reading a function's arguments, and making table lines from plain C++ functions. Private to this folder.
#pragma once

#include <fmt/format.h>

#include <cstdlib>

#include "base/strings.h"
#include "providers/gotemplate/format.h"
#include "providers/gotemplate/functions.h"

namespace fl::providers::gotemplate {

using json::Value;

inline tl::unexpected<Error> wrong_type(const Value& value, std::string_view wanted) {
  return fail(Code::invalid, fmt::format("wrong type of argument, want {}, have {}", wanted, kind_of(value)));
}

inline Result<std::string_view> text_at(Arguments args, size_t i) {
  if (const auto* text = args[i].if_string()) return *text;
  return wrong_type(args[i], "string");
}

inline Result<std::span<const Value>> list_at(Arguments args, size_t i) {
  if (const auto* list = args[i].if_array()) return std::span<const Value>(*list);
  return wrong_type(args[i], "list");
}

inline Result<const json::Object*> dict_at(Arguments args, size_t i) {
  if (const auto* dict = args[i].if_object()) return dict;
  return wrong_type(args[i], "dict");
}

// Sprig's casts: text is read as a number, whatever is none counts as 0.
inline int64_t to_int(const Value& value) {
  if (const auto* n = value.if_int()) return *n;
  if (const auto* flag = value.if_bool()) return *flag ? 1 : 0;
  if (const auto* text = value.if_string()) return parse_int(*text).value_or(0);
  const double x = value.if_number().value_or(0);
  return x > -9e18 && x < 9e18 ? static_cast<int64_t>(x) : 0;
}

inline double to_real(const Value& value) {
  if (const auto x = value.if_number()) return *x;
  if (const auto* flag = value.if_bool()) return *flag ? 1 : 0;
  if (const auto* text = value.if_string()) return std::strtod(text->c_str(), nullptr);
  return 0;
}

template <auto f>
Result<Value> of_text(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 0));
  return Value(f(text));
}

template <auto f>
Result<Value> of_texts(Arguments args) {
  FL_TRY(const std::string_view first, text_at(args, 0));
  FL_TRY(const std::string_view second, text_at(args, 1));
  return Value(f(first, second));
}

// Integers folded from the left; wraps around as Go's do.
template <auto f>
Result<Value> of_ints(Arguments args) {
  auto result = static_cast<uint64_t>(to_int(args[0]));
  for (const Value& arg : args.subspan(1)) result = f(result, static_cast<uint64_t>(to_int(arg)));
  return Value(static_cast<int64_t>(result));
}

}  // namespace fl::providers::gotemplate
