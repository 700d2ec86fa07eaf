#include "ecs/shape_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/strings.h"

namespace fl::ecs {
namespace {

std::string_view wanted(ShapeKind kind) {
  switch (kind) {
    case ShapeKind::structure:
    case ShapeKind::map: return "an object";
    case ShapeKind::list: return "a list";
    case ShapeKind::string: return "a string";
    case ShapeKind::boolean: return "true or false";
    case ShapeKind::integer: return "a 32-bit integer";
    case ShapeKind::long_integer: return "an integer";
    case ShapeKind::number: return "a number";
    case ShapeKind::timestamp: return "a time in seconds since 1970";
    case ShapeKind::any: break;
  }
  return "a value";
}

std::string_view found(const json::Value& value) {
  if (value.is_null()) return "null";
  if (value.if_bool() != nullptr) return "a boolean";
  if (value.if_int() != nullptr) return "an integer";
  if (value.if_number()) return "a number";
  if (value.if_string() != nullptr) return "a string";
  return value.if_array() != nullptr ? "a list" : "an object";
}

bool has_kind(const json::Value& value, ShapeKind kind) {
  switch (kind) {
    case ShapeKind::structure:
    case ShapeKind::map: return value.if_object() != nullptr;
    case ShapeKind::list: return value.if_array() != nullptr;
    case ShapeKind::string: return value.if_string() != nullptr;
    case ShapeKind::boolean: return value.if_bool() != nullptr;
    case ShapeKind::integer: return value.if_int() != nullptr && std::in_range<int32_t>(*value.if_int());
    case ShapeKind::long_integer: return value.if_int() != nullptr;
    case ShapeKind::number:
    case ShapeKind::timestamp: return value.if_number().has_value();
    case ShapeKind::any: break;
  }
  return true;
}

// Walks value and rules side by side. The path grows and shrinks with the walk, so that it costs nothing until it is
// shown.
class Walk {
 public:
  explicit Walk(bool types) : types_(types) {}

  std::optional<RuleViolation> visit(const json::Value& value, const ShapeRules& rules) {
    if (types_ && !has_kind(value, rules.kind))
      return violation(RuleViolation::Kind::type, fmt::format("expected {}, not {}", wanted(rules.kind), found(value)));
    switch (rules.kind) {
      case ShapeKind::structure: return visit_members(value, rules);
      case ShapeKind::list: {
        const json::Array& items = *value.if_array();
        for (size_t i = 0; i < items.size(); ++i)
          if (auto wrong = step(fmt::format("[{}]", i), items[i], *rules.item)) return wrong;
        return std::nullopt;
      }
      case ShapeKind::map:
        for (const auto& [key, item] : *value.if_object())
          if (auto wrong = step(path_.empty() ? key : "." + key, item, *rules.item)) return wrong;
        return std::nullopt;
      case ShapeKind::string: {
        const std::string& text = *value.if_string();
        if (types_ || rules.enumeration.empty()) return std::nullopt;
        if (std::ranges::find(rules.enumeration, text) != rules.enumeration.end()) return std::nullopt;
        return violation(RuleViolation::Kind::enumeration,
                         fmt::format("Value '{}' at '{}' failed to satisfy constraint: Member must satisfy enum value "
                                     "set: [{}]",
                                     text, path_, fmt::join(rules.enumeration, ", ")));
      }
      default: return std::nullopt;
    }
  }

 private:
  std::optional<RuleViolation> visit_members(const json::Value& value, const ShapeRules& rules) {
    for (const MemberRules& member : rules.members) {
      const json::Value* there = value.find(member.name);
      if (there == nullptr || there->is_null()) {
        if (types_ || !member.required) continue;
        const size_t length = grow(member_step(member.name));
        auto wrong = violation(RuleViolation::Kind::missing, missing_text());
        path_.resize(length);
        return wrong;
      }
      if (auto wrong = step(member_step(member.name), *there, *member.shape)) return wrong;
    }
    return std::nullopt;
  }

  std::string member_step(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format(".{}", name);
  }
  std::string missing_text() const {
    if (path_.find_first_of(".[") != path_.npos)
      return fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", path_);
    std::string text = path_ + " cannot be empty.";
    text[0] = ascii_upper(text[0]);
    return text;
  }

  std::optional<RuleViolation> step(std::string_view name, const json::Value& value, const ShapeRules& rules) {
    if (value.is_null()) return std::nullopt;
    const size_t length = grow(name);
    auto wrong = visit(value, rules);
    path_.resize(length);
    return wrong;
  }
  size_t grow(std::string_view name) {
    const size_t length = path_.size();
    path_ += name;
    return length;
  }

  std::optional<RuleViolation> violation(RuleViolation::Kind kind, std::string message) const {
    return RuleViolation{kind, path_, std::move(message)};
  }

  bool types_;  // the first pass; the second is about what is missing and enumerations
  std::string path_;
};

}  // namespace

const MemberRules* ShapeRules::find(std::string_view member) const {
  const auto found = std::ranges::find(members, member, &MemberRules::name);
  return found == members.end() ? nullptr : &*found;
}

std::optional<RuleViolation> find_violation(const json::Value& value, const ShapeRules& rules) {
  if (auto wrong = Walk(true).visit(value, rules)) return wrong;
  return Walk(false).visit(value, rules);
}

}  // namespace fl::ecs
