#include "ecs/json_codec.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "ecs/json_text.h"

namespace fl::ecs {
namespace {

tl::unexpected<Error> expected(std::string_view what) { return fail(Code::invalid, fmt::format("expected {}", what)); }

template <class T>
Result<> decode_integer(const json::Value& value, T& out) {
  const int64_t* n = value.if_int();
  if (n == nullptr || !std::in_range<T>(*n)) return expected(sizeof(T) == 4 ? "a 32-bit integer" : "an integer");
  out = static_cast<T>(*n);
  return {};
}

}  // namespace

json::Value encode(WallTime time) {
  const int64_t ns = time.time_since_epoch().count();
  if (ns % 1'000'000'000 == 0) return ns / 1'000'000'000;
  // Milliseconds are what AWS sends, and what a double keeps exactly enough.
  return std::round(static_cast<double>(ns) / 1e6) / 1e3;
}

void JsonTextWriter::append(std::string& out, WallTime time) { out += json::to_text(encode(time)); }

Result<> decode(const json::Value& value, WallTime& out) {
  const auto seconds = value.if_number();
  if (!seconds || std::fabs(*seconds) > 9.2e9) return expected("a time in seconds since 1970");
  out = WallTime(std::chrono::duration_cast<Duration>(std::chrono::microseconds(std::llround(*seconds * 1e6))));
  return {};
}

Result<> decode(const json::Value& value, std::string& out) {
  if (const std::string* text = value.if_string()) {
    out = *text;
  } else if (const int64_t* number = value.if_int()) {
    out = std::to_string(*number);  // what stands in for AWS (moto) sends cpu and memory like this
  } else {
    return expected("a string");
  }
  return {};
}

Result<> decode(const json::Value& value, bool& out) {
  const bool* b = value.if_bool();
  if (b == nullptr) return expected("true or false");
  out = *b;
  return {};
}

Result<> decode(const json::Value& value, int32_t& out) { return decode_integer(value, out); }
Result<> decode(const json::Value& value, int64_t& out) { return decode_integer(value, out); }

Result<> decode(const json::Value& value, double& out) {
  const auto number = value.if_number();
  if (!number) return expected("a number");
  out = *number;
  return {};
}

std::string item_path(size_t index) { return fmt::format("[{}]", index); }
std::string item_path(std::string_view key) { return fmt::format("[\"{}\"]", key); }

Result<const json::Array*> as_array(const json::Value& value) {
  if (value.if_array() == nullptr) return expected("a list");
  return value.if_array();
}

Result<const json::Object*> as_object(const json::Value& value) {
  if (value.if_object() == nullptr) return expected("an object");
  return value.if_object();
}

JsonReader::JsonReader(const json::Value& value) : value_(value) {
  if (value.if_object() == nullptr) result_ = expected("an object");
}

}  // namespace fl::ecs
