#include "config/decode.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/strings.h"
#include "config/encode.h"
#include "config/scalar.h"

namespace fl::config {
namespace {

json::Value to_json(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null: return {};
    case Value::Kind::scalar:
      if (value.is_plain) {
        if (iequals(value.text, "true") || iequals(value.text, "false")) return iequals(value.text, "true");
        if (const auto integer = parse_integer(value.text, true)) return *integer;
        if (const auto real = parse_real(value.text)) return *real;
      }
      return value.text;
    case Value::Kind::list: {
      json::Array array;
      for (const Value& child : value.children()) array.push_back(to_json(child));
      return array;
    }
    case Value::Kind::map: {
      json::Object object;
      for (const Value& child : value.children()) object.emplace_back(child.key, to_json(child));
      return object;
    }
  }
  return {};
}

// Long or multi-line text is cut: an issue is one line.
std::string quoted(std::string_view text) {
  const size_t end = std::min(text.find_first_of("\r\n"), size_t{60});
  return end < text.size() ? fmt::format("\"{}...\"", text.substr(0, end)) : fmt::format("\"{}\"", text);
}

std::string found(const Value& value) {
  return value.kind == Value::Kind::scalar ? quoted(value.text) : std::string(kind_name(value.kind));
}

class Decoder {
 public:
  Decoder(Form form, std::vector<Issue>& issues) : form_(form), issues_(issues) {}

  // A group may be empty where its name alone already says something: the root, a map's entry, a list's element.
  void decode(const Value& value, const Type& type, void* out, bool may_be_empty = true) {
    switch (type.kind) {
      case Type::Kind::structure: return decode_structure(value, type.schema(), out, may_be_empty);
      case Type::Kind::optional: return decode(value, *type.element, type.emplace(out), may_be_empty);
      case Type::Kind::list: return decode_list(value, type, out);
      case Type::Kind::map: return decode_map(value, type, out);
      case Type::Kind::any: *static_cast<json::Value*>(out) = to_json(value); return;
      default: return decode_scalar(value, type, out);
    }
  }

 private:
  void decode_scalar(const Value& value, const Type& type, void* out) {
    const bool is_scalar = value.kind == Value::Kind::scalar;
    const auto store = [&]<class T>(T parsed, std::string_view what) {
      if (!is_scalar || !parsed) return error(value, fmt::format("expected {}, found {}", what, found(value)));
      *static_cast<std::remove_reference_t<decltype(*parsed)>*>(out) = *std::move(parsed);
    };
    switch (type.kind) {
      case Type::Kind::boolean: return store(parse_bool(value.text), "true or false");
      case Type::Kind::integer: return store(parse_integer(value.text, value.is_plain), "a whole number");
      case Type::Kind::real: return store(parse_real(value.text), "a number");
      case Type::Kind::duration:
        return store(parse_duration(value.text), "a duration such as 10 (seconds), 1m30s or 100ms");
      default: return store(std::optional<std::string>(value.text), "text");
    }
  }

  void decode_list(const Value& value, const Type& type, void* out) {
    const bool holds_groups = type.element->kind == Type::Kind::structure;
    type.clear(out);
    if (value.kind == Value::Kind::list) {
      for (size_t index = 0; const Value& child : value.children()) {
        const std::string name = fmt::format("[{}]", index++);
        path_.push_back(name);
        decode(child, *type.element, type.emplace(out));
        path_.pop_back();
      }
    } else if (value.kind == Value::Kind::scalar && !holds_groups) {
      for (const std::string& item : split_list(value.text)) {
        Value part = value;
        part.text = item;
        decode(part, *type.element, type.emplace(out));
      }
    } else {
      error(value, fmt::format("expected a list, found {}", found(value)));
    }
  }

  void decode_map(const Value& value, const Type& type, void* out) {
    if (value.kind != Value::Kind::map)
      return error(value, fmt::format("expected a group of names, found {}", found(value)));
    for (const Value& child : value.children()) {
      path_.push_back(child.key);
      if (child.kind == Value::Kind::null)
        warn(child, "has no value and is ignored");
      else
        decode(child, *type.element, type.insert(out, child.key));
      path_.pop_back();
    }
  }

  // A map or list of which each entry stands or falls alone.
  void decode_objects(const Value& value, const Type& type, void* out) {
    const bool is_map = type.kind == Type::Kind::map;
    if (value.kind != (is_map ? Value::Kind::map : Value::Kind::list))
      return error(value, fmt::format("expected {}, found {}", is_map ? "a group of names" : "a list", found(value)));
    const std::string outer_kind = std::exchange(kind_, path()), outer_object = object_;
    for (size_t index = 0; const Value& child : value.children()) {
      const std::string name = is_map ? std::string(child.key) : fmt::format("[{}]", index++);
      object_ = name;
      path_.push_back(name);
      const size_t errors_before = errors_;
      if (child.kind == Value::Kind::null)
        warn(child, "has no value and is ignored");
      else if (is_map && (name.empty() || name.find('@') != name.npos))
        error(child, "a name is not empty and holds no @, which stands between name and provider in references");
      else
        decode(child, *type.element, is_map ? type.insert(out, child.key) : type.emplace(out));
      if (errors_ != errors_before && is_map) type.erase(out, child.key);
      if (errors_ != errors_before && !is_map) type.pop(out);
      path_.pop_back();
    }
    kind_ = outer_kind;
    object_ = outer_object;
  }

  void decode_structure(const Value& value, const Schema& schema, void* out, bool may_be_empty) {
    const bool is_text = value.kind == Value::Kind::scalar && !value.text.empty();
    if (value.kind == Value::Kind::list || (is_text && !iequals(value.text, "true")))
      return error(value, fmt::format("expected a group of options, found {}", found(value)));
    if (value.first == nullptr && !may_be_empty)
      return error(value, "cannot stand alone; give at least one of its options");

    uint64_t seen = 0;
    for (const Value& child : value.children()) {
      path_.push_back(child.key);
      if (const Field* field = find(schema, child.key)) {
        const uint64_t bit = uint64_t{1} << ((field - schema.fields.data()) & 63);
        if ((seen & bit) != 0)
          error(child, "is given twice, in different letter case");
        else
          decode_field(child, *field, schema, out);
        seen |= bit;
      } else {
        unknown(child, schema);
      }
      path_.pop_back();
    }
  }

  void decode_field(const Value& value, const Field& field, const Schema& schema, void* object) {
    if (field.has(kRefused)) return error(value, std::string(field.doc));
    if (form_ == Form::label && field.has(kNoLabel)) return error(value, "cannot be set by labels; use a file");
    if (value.kind == Value::Kind::null) {
      if (field.has(kAllowEmpty))
        warn(value, fmt::format("has no value and is ignored; write \"{}: {{}}\" to turn it on", field.name));
      return;
    }
    if (field.type == nullptr) {
      if (!iequals(value.text, "false")) unsupported(value);
      return;
    }
    void* member = field.in(object);
    if (field.has(kAllowEmpty) && iequals(value.text, "false")) {
      if (field.type->clear != nullptr) field.type->clear(member);
      return;
    }
    if (field.has(kObjects)) {
      decode_objects(value, *field.type, member);
    } else if (form_ == Form::label && !field.label_name.empty() && value.kind == Value::Kind::map) {
      field.type->clear(member);  // `server.port`: the one element, without an index
      decode(value, *field.type->element, field.type->emplace(member));
    } else {
      decode(value, *field.type, member, field.has(kAllowEmpty));
    }
    if (!field.has(kUnsupported) && !field.has(kNoEffect)) return;
    if (encode_json(*field.type, member) == encode_json(*field.type, field.in(schema.defaults))) return;
    if (field.has(kUnsupported))
      unsupported(value);
    else if (!iequals(value.text, "false"))
      warn(value, "has no effect: not supported by fairlead yet");
  }

  const Field* find(const Schema& schema, std::string_view name) const {
    for (const Field& field : schema.fields) {
      const bool is_renamed = form_ == Form::label && !field.label_name.empty();
      if (iequals(is_renamed ? field.label_name : field.name, name))
        return form_ != Form::label && field.has(kLabelOnly) ? nullptr : &field;
    }
    return nullptr;
  }

  void unknown(const Value& value, const Schema& schema) {
    std::vector<std::string_view> names;
    for (const Field& field : schema.fields) {
      if (field.has(kRefused) || (form_ == Form::label ? field.has(kNoLabel) : field.has(kLabelOnly))) continue;
      names.push_back(form_ == Form::label && !field.label_name.empty() ? field.label_name : field.name);
    }
    const auto suggestion = nearest(value.key, names);
    error(value, suggestion ? fmt::format("unknown option; did you mean {}?", *suggestion) : "unknown option");
  }

  void unsupported(const Value& value) { error(value, "known to Traefik but not supported by fairlead yet"); }

  std::string path() const {
    std::string out;
    for (std::string_view part : path_) {
      if (!out.empty() && !part.starts_with('[')) out += '.';
      out += part;
    }
    return out;
  }

  void error(const Value& value, std::string text) {
    ++errors_;
    issues_.push_back({Severity::error, value.mark.to_text(), path(), std::move(text), kind_, object_});
  }
  void warn(const Value& value, std::string text) {
    issues_.push_back({Severity::warning, value.mark.to_text(), path(), std::move(text), kind_, object_});
  }

  const Form form_;
  std::vector<Issue>& issues_;
  size_t errors_ = 0;
  std::vector<std::string_view> path_;
  std::string kind_, object_;  // of the named object being decoded
};

}  // namespace

void decode(const Value& value, Form form, const Type& type, void* out, std::vector<Issue>& issues) {
  Decoder(form, issues).decode(value, type, out);
}

}  // namespace fl::config
