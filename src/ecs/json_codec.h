// JSON <-> generated shapes (AWS JSON 1.1). A generated codec calls a writer or reader once for each member with the
// member's name on the wire. For generated code only; pure.
//
// Absent, null and unknown members are let through, as AWS does; a member of the wrong kind is an error that names its
// path: "tasks[3]: containers[0]: name: expected a string".
#pragma once

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace fl::ecs {

// Timestamps are seconds since 1970 with a fraction.
json::Value encode(WallTime time);
Result<> decode(const json::Value& value, WallTime& out);
Result<> decode(const json::Value& value, std::string& out);
Result<> decode(const json::Value& value, bool& out);
Result<> decode(const json::Value& value, int32_t& out);
Result<> decode(const json::Value& value, int64_t& out);
Result<> decode(const json::Value& value, double& out);
inline Result<> decode(const json::Value& value, json::Value& out) {
  out = value;
  return {};
}

std::string item_path(size_t index);          // "[3]"
std::string item_path(std::string_view key);  // "[\"key\"]"
Result<const json::Array*> as_array(const json::Value& value);
Result<const json::Object*> as_object(const json::Value& value);

template <class T>
json::Value encode(const std::vector<T>& list);
template <class T>
json::Value encode(const std::map<std::string, T>& map);

template <class T>
json::Value encode_any(const T& value) {
  if constexpr (std::constructible_from<json::Value, const T&>)
    return json::Value(value);
  else
    return encode(value);
}

template <class T>
json::Value encode(const std::vector<T>& list) {
  json::Array out;
  out.reserve(list.size());
  for (const auto& item : list) out.push_back(encode_any(item));
  return out;
}

template <class T>
json::Value encode(const std::map<std::string, T>& map) {
  json::Object out;
  for (const auto& [key, value] : map) out.emplace_back(key, encode_any(value));
  return out;
}

template <class T>
Result<> decode(const json::Value& value, std::vector<T>& out);
template <class T>
Result<> decode(const json::Value& value, std::map<std::string, T>& out);

template <class T>
Result<> decode(const json::Value& value, std::vector<T>& out) {
  FL_TRY(const json::Array* array, as_array(value));
  out.reserve(array->size());
  for (const auto& item : *array)
    if (auto read = decode(item, out.emplace_back()); !read)
      return tl::make_unexpected(std::move(read).error().context(item_path(out.size() - 1)));
  return {};
}

template <class T>
Result<> decode(const json::Value& value, std::map<std::string, T>& out) {
  FL_TRY(const json::Object* object, as_object(value));
  for (const auto& [key, member] : *object)
    if (auto read = decode(member, out[key]); !read)
      return tl::make_unexpected(std::move(read).error().context(item_path(key)));
  return {};
}

class JsonWriter {
 public:
  template <class T>
  [[gnu::noinline]] void operator()(std::string_view name, const std::optional<T>& member) {
    if (member) object_.emplace_back(std::string(name), encode_any(*member));
  }
  json::Value take() { return std::move(object_); }

 private:
  json::Object object_;
};

class JsonReader {
 public:
  explicit JsonReader(const json::Value& value);

  template <class T>
  [[gnu::noinline]] void operator()(std::string_view name, std::optional<T>& member) {
    if (!result_) return;
    const json::Value* value = value_.find(name);
    if (value == nullptr || value->is_null()) return;
    if (auto read = decode(*value, member.emplace()); !read)
      result_ = tl::make_unexpected(std::move(read).error().context(name));
  }
  Result<> take() { return std::move(result_); }

 private:
  const json::Value& value_;
  Result<> result_;
};

}  // namespace fl::ecs
