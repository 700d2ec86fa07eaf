#include "config/encode.h"

namespace fl::config {

bool is_zero(const Type& type, const void* object) {
  switch (type.kind) {
    case Type::Kind::boolean: return !*static_cast<const bool*>(object);
    case Type::Kind::integer: return *static_cast<const int64_t*>(object) == 0;
    case Type::Kind::real: return *static_cast<const double*>(object) == 0;
    case Type::Kind::text: return static_cast<const std::string*>(object)->empty();
    case Type::Kind::duration: return *static_cast<const Duration*>(object) == Duration::zero();
    case Type::Kind::any: return static_cast<const json::Value*>(object)->is_null();
    case Type::Kind::optional: return type.get(object, 0) == nullptr;
    case Type::Kind::list:
    case Type::Kind::map: return type.size(object) == 0;
    case Type::Kind::structure: return false;
  }
  return false;
}

json::Value encode_json(const Type& type, const void* object) {
  switch (type.kind) {
    case Type::Kind::boolean: return *static_cast<const bool*>(object);
    case Type::Kind::integer: return *static_cast<const int64_t*>(object);
    case Type::Kind::real: return *static_cast<const double*>(object);
    case Type::Kind::text: return *static_cast<const std::string*>(object);
    case Type::Kind::duration: return format_duration(*static_cast<const Duration*>(object));
    case Type::Kind::any: return *static_cast<const json::Value*>(object);
    case Type::Kind::optional: {
      const void* held = type.get(object, 0);
      return held == nullptr ? json::Value() : encode_json(*type.element, held);
    }
    case Type::Kind::list: {
      json::Array array;
      for (size_t i = 0; i < type.size(object); ++i) array.push_back(encode_json(*type.element, type.get(object, i)));
      return array;
    }
    case Type::Kind::map: {
      struct State {
        const Type& element;
        json::Object object;
      } state{*type.element, {}};
      type.visit(
          object,
          [](void* s, std::string_view key, const void* value) {
            auto& [element, out] = *static_cast<State*>(s);
            out.emplace_back(key, encode_json(element, value));
          },
          &state);
      return std::move(state.object);
    }
    case Type::Kind::structure: {
      json::Object out;
      for (const Field& field : type.schema().fields) {
        if (field.type == nullptr || field.has(kLabelOnly)) continue;
        const void* member = field.in(object);
        if (field.has(kPrintZero) || !is_zero(*field.type, member))
          out.emplace_back(field.name, encode_json(*field.type, member));
      }
      return out;
    }
  }
  return {};
}

}  // namespace fl::config
