// What a configuration struct looks like at run time: its fields with name, place, type and doc line. Built once per
// struct from its table `describe(Fields<Struct>&)`. Decoding, encoding, help and reference pages are ordinary
// functions over Schema and Type; templates stop at schema_of<T>() and type_of<T>. Immutable after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "config/fields.h"
#include "config/objects.h"

namespace fl::config {

struct Schema;

// How to reach a member whose C++ type is forgotten. Scalars are cast by kind: bool, int64_t, double, std::string,
// Duration, json::Value. The function pointers are set for the kinds they belong to.
struct Type {
  enum class Kind : uint8_t { boolean, integer, real, text, duration, any, optional, list, map, structure };
  using Visit = void (*)(void* state, std::string_view key, const void* value);

  Kind kind;
  const Type* element = nullptr;           // of optional, list, map
  const Schema& (*schema)() = nullptr;     // of structure
  void* (*emplace)(void* self) = nullptr;  // optional: the value, made with its defaults when there is none
                                           // list: one more element at the end
  void (*clear)(void* self) = nullptr;     // optional, list
  void (*pop)(void* self) = nullptr;       // list: drops the last element
  const void* (*get)(const void* self, size_t index) = nullptr;         // optional: the value or null; list: element
  size_t (*size)(const void* self) = nullptr;                           // list, map
  void* (*insert)(void* self, std::string_view key) = nullptr;          // map: the entry, made with its defaults
  void (*erase)(void* self, std::string_view key) = nullptr;            // map
  void (*visit)(const void* self, Visit visit, void* state) = nullptr;  // map: each entry in order
};

// Properties of a field, or-ed together.
enum FieldFlag : uint16_t {
  kAllowEmpty = 1,      // may stand alone: `x: {}`, `--x`, `x=true` (Traefik: allowEmpty)
  kUnsupported = 2,     // known to Traefik, not implemented: refused unless it has its default value
  kRefused = 4,         // never right here; the doc line is the message: why, and what to do instead
  kPrintZero = 8,       // in JSON even when zero (no omitempty in Traefik)
  kLabelOnly = 16,      // only labels may set it, and JSON never shows it
  kNoLabel = 32,        // labels may not set it
  kObjects = 64,        // a map or list of named objects: a mistake inside one disables that one alone
  kFairleadOnly = 128,  // not an option of Traefik
  kNoEffect = 256       // known to Traefik, taken and kept, but nothing comes of it yet: a warning unless it is off
};

struct Field {
  std::string_view name;
  std::string_view doc;
  const Type* type = nullptr;  // null: a whole group that is unsupported or refused
  size_t offset = 0;
  uint16_t flags = 0;
  std::string_view label_name;  // what labels call it instead, for one element: server for servers

  bool has(FieldFlag flag) const { return (flags & flag) != 0; }
  void* in(void* object) const { return static_cast<char*>(object) + offset; }
  const void* in(const void* object) const { return static_cast<const char*>(object) + offset; }
};

struct Schema {
  std::vector<Field> fields;
  const void* defaults = nullptr;  // an object with every default; lives for ever

  // Letter case does not matter; null when there is none.
  const Field* find(std::string_view name) const;
};

template <class T>
const Schema& schema_of();

template <class T>
struct TypeOf {
  static constexpr Type kType{.kind = Type::Kind::structure, .schema = &schema_of<T>};
};
template <>
struct TypeOf<bool> {
  static constexpr Type kType{.kind = Type::Kind::boolean};
};
template <>
struct TypeOf<int64_t> {
  static constexpr Type kType{.kind = Type::Kind::integer};
};
template <>
struct TypeOf<double> {
  static constexpr Type kType{.kind = Type::Kind::real};
};
template <>
struct TypeOf<std::string> {
  static constexpr Type kType{.kind = Type::Kind::text};
};
template <>
struct TypeOf<Duration> {
  static constexpr Type kType{.kind = Type::Kind::duration};
};
template <>
struct TypeOf<json::Value> {
  static constexpr Type kType{.kind = Type::Kind::any};
};
template <class T>
struct TypeOf<std::optional<T>> {
  using Self = std::optional<T>;
  static void* emplace(void* self) {
    auto& held = *static_cast<Self*>(self);
    return held ? &*held : &held.emplace();
  }
  static constexpr Type kType{.kind = Type::Kind::optional,
                              .element = &TypeOf<T>::kType,
                              .emplace = &emplace,
                              .clear = [](void* self) { static_cast<Self*>(self)->reset(); },
                              .get = [](const void* self, size_t) -> const void* {
                                const auto& held = *static_cast<const Self*>(self);
                                return held ? &*held : nullptr;
                              }};
};
template <class T>
struct TypeOf<std::vector<T>> {
  using Self = std::vector<T>;
  static constexpr Type kType{
      .kind = Type::Kind::list,
      .element = &TypeOf<T>::kType,
      .emplace = [](void* self) -> void* { return &static_cast<Self*>(self)->emplace_back(); },
      .clear = [](void* self) { static_cast<Self*>(self)->clear(); },
      .pop = [](void* self) { static_cast<Self*>(self)->pop_back(); },
      .get = [](const void* self, size_t i) -> const void* { return &(*static_cast<const Self*>(self))[i]; },
      .size = [](const void* self) { return static_cast<const Self*>(self)->size(); }};
};
template <class T>
struct TypeOf<Map<T>> {
  using Self = Map<T>;
  static constexpr Type kType{.kind = Type::Kind::map,
                              .element = &TypeOf<T>::kType,
                              .size = [](const void* self) { return static_cast<const Self*>(self)->size(); },
                              .insert = [](void* self, std::string_view key) -> void* {
                                return &static_cast<Self*>(self)->try_emplace(std::string(key)).first->second;
                              },
                              .erase =
                                  [](void* self, std::string_view key) {
                                    auto& map = *static_cast<Self*>(self);
                                    if (const auto it = map.find(key); it != map.end()) map.erase(it);
                                  },
                              .visit =
                                  [](const void* self, Type::Visit visit, void* state) {
                                    for (const auto& [key, value] : *static_cast<const Self*>(self))
                                      visit(state, key, &value);
                                  }};
};
template <class T>
struct TypeOf<Objects<T>> {
  using Self = Objects<T>;
  static constexpr Type kType{
      .kind = Type::Kind::map,
      .element = &TypeOf<T>::kType,
      .size = [](const void* self) { return static_cast<const Self*>(self)->size(); },
      .insert = [](void* self, std::string_view key) -> void* { return &(*static_cast<Self*>(self))[key]; },
      .erase = [](void* self, std::string_view key) { static_cast<Self*>(self)->erase(key); },
      .visit =
          [](const void* self, Type::Visit visit, void* state) {
            for (const auto& [key, value] : *static_cast<const Self*>(self)) visit(state, key, &value);
          }};
};

template <class T>
inline constexpr const Type& type_of = TypeOf<T>::kType;

// The builder a table is written with:
//   void describe(Fields<Router>& f) {
//     f("rule", &Router::rule, "which requests the router takes");
//     f("tls", &Router::tls, "answer only over TLS", kAllowEmpty);
//   }
template <class T>
class Fields {
 public:
  Fields(Schema& schema, const T& defaults) : schema_(schema), defaults_(defaults) {}

  template <class M>
  Field& operator()(std::string_view name, M T::* member, std::string_view doc, unsigned flags = 0) {
    const auto offset = reinterpret_cast<const char*>(&(defaults_.*member)) - reinterpret_cast<const char*>(&defaults_);
    schema_.fields.push_back({.name = name,
                              .doc = doc,
                              .type = &type_of<M>,
                              .offset = static_cast<size_t>(offset),
                              .flags = static_cast<uint16_t>(flags)});
    return schema_.fields.back();
  }

  // A whole group that is known by name only.
  void unsupported(std::string_view name, std::string_view doc) { group(name, doc, kUnsupported); }
  // A name people use although it is not an option (any more); `why` is the message.
  void refused(std::string_view name, std::string_view why) { group(name, why, kRefused); }

 private:
  void group(std::string_view name, std::string_view doc, FieldFlag flag) {
    schema_.fields.push_back({.name = name, .doc = doc, .flags = flag});
  }

  Schema& schema_;
  const T& defaults_;
};

template <class T>
const Schema& schema_of() {
  static const T defaults{};
  static const Schema schema = [] {
    Schema result;
    result.defaults = &defaults;
    Fields<T> fields(result, defaults);
    describe(fields);
    return result;
  }();
  return schema;
}

}  // namespace fl::config
