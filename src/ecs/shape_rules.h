// What the service model demands of a shape's JSON: kinds, required members, enumerations. Generated tables of this
// type (generated/*_rules.cc) let a server refuse a request before it is decoded, and speak the Query protocol with
// the JSON codec. Constant data; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace fl::ecs {

enum class ShapeKind : uint8_t { structure, list, map, string, boolean, integer, long_integer, number, timestamp, any };

struct MemberRules;

struct ShapeRules {
  ShapeKind kind = ShapeKind::any;
  std::span<const MemberRules> members = {};           // of a structure
  const ShapeRules* item = nullptr;                    // of a list; the values of a map
  std::span<const std::string_view> enumeration = {};  // of a string; empty: any text

  const MemberRules* find(std::string_view member) const;
};

struct MemberRules {
  std::string_view name;  // on the wire
  const ShapeRules* shape = nullptr;
  bool required = false;
};

// Why a request cannot be served.
struct RuleViolation {
  enum class Kind : uint8_t {
    type,         // AWS: SerializationException
    missing,      // a required member
    enumeration,  // a text that is none of the values
  };
  Kind kind;
  std::string path;     // "containerDefinitions[0].name"
  std::string message;  // a sentence that names the path where AWS's does
};

// The first violation in the order of the value's members, types before everything else; nullopt when there is none.
// Unknown members and nulls are let through, as AWS does.
std::optional<RuleViolation> find_violation(const json::Value& value, const ShapeRules& rules);

}  // namespace fl::ecs
