// The Query protocols (STS and friends, EC2): form parameters out, XML in. A generated codec calls a writer or reader
// once for each member with its name on the wire. For generated code and the client only; pure.
//
// Reading is strict as in ecs/json_codec.h: unknown elements are let through, a wrong kind is an error with its path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/xml.h"
#include "base/result.h"
#include "base/time.h"

namespace fl::aws {

// How list items are named: Name.member.1 and <member>, or Name.1 and <item>.
enum class QueryStyle : uint8_t { query, ec2 };

// Appends "&Name=value" for each member to a form that has its first parameters already.
class QueryWriter {
 public:
  QueryWriter(std::string& form, QueryStyle style) : form_(form), style_(style) {}

  template <class T>
  [[gnu::noinline]] void operator()(std::string_view name, const std::optional<T>& member) {
    if (member) put(name, *member);
  }

 private:
  void put(std::string_view name, std::string_view value);
  void put(std::string_view name, const std::string& value) { put(name, std::string_view(value)); }
  void put(std::string_view name, bool value) { put(name, std::string_view(value ? "true" : "false")); }
  void put(std::string_view name, int32_t value) { put(name, int64_t{value}); }
  void put(std::string_view name, int64_t value);
  void put(std::string_view name, WallTime value);

  template <class T>
  void put(std::string_view name, const std::vector<T>& list) {
    for (size_t i = 0; i < list.size(); ++i) put(item_name(name, i + 1), list[i]);
  }
  template <class Shape>
  void put(std::string_view name, const Shape& shape) {
    const size_t length = prefix_.size();
    prefix_.append(name).append(".");
    encode(shape, *this);
    prefix_.resize(length);
  }

  std::string item_name(std::string_view list, size_t number) const;

  std::string& form_;
  QueryStyle style_;
  std::string prefix_;  // of nested members: "Filter.1."
};

Result<> decode(const XmlElement& element, std::string& out);
Result<> decode(const XmlElement& element, bool& out);
Result<> decode(const XmlElement& element, int32_t& out);
Result<> decode(const XmlElement& element, int64_t& out);
Result<> decode(const XmlElement& element, double& out);
// ISO 8601 in UTC: "2026-11-21T07:44:00Z", with or without a fraction.
Result<> decode(const XmlElement& element, WallTime& out);

class XmlReader {
 public:
  XmlReader(const XmlElement& element, QueryStyle style) : element_(element), style_(style) {}

  template <class T>
  [[gnu::noinline]] void operator()(std::string_view name, std::optional<T>& member) {
    if (!result_) return;
    const XmlElement* child = element_.find(name);
    if (child == nullptr) return;
    if (auto read = get(*child, member.emplace()); !read)
      result_ = tl::make_unexpected(std::move(read).error().context(name));
  }
  Result<> take() { return std::move(result_); }

 private:
  template <class T>
  Result<> get(const XmlElement& element, T& out) {
    return decode(element, out);
  }
  template <class T>
  Result<> get(const XmlElement& element, std::vector<T>& out) {
    for (const auto& item : element.children) {
      if (item.name != (style_ == QueryStyle::ec2 ? "item" : "member")) continue;
      if (auto read = get(item, out.emplace_back()); !read)
        return tl::make_unexpected(std::move(read).error().context("item " + std::to_string(out.size())));
    }
    return {};
  }

  const XmlElement& element_;
  QueryStyle style_;
  Result<> result_;
};

}  // namespace fl::aws
