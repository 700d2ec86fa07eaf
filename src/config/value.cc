#include "config/value.h"

#include <fmt/format.h>

namespace fl::config {

std::string Mark::to_text() const {
  return line == 0 ? std::string(source) : fmt::format("{}:{}:{}", source, line, column);
}

const Value* Value::find(std::string_view name) const {
  for (const Value& child : children())
    if (child.key == name) return &child;
  return nullptr;
}

void Value::append(Value& child) {
  child.next = nullptr;
  (first == nullptr ? first : last->next) = &child;
  last = &child;
  ++size;
}

Document::Document() : arena_(std::make_unique<Arena>()), root_(&make(Value::Kind::map, {})) {}

Value& Document::make(Value::Kind kind, Mark mark) {
  Value* value = arena_->make<Value>();
  value->kind = kind;
  value->mark = mark;
  return *value;
}

std::string_view kind_name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null: return "nothing";
    case Value::Kind::scalar: return "text";
    case Value::Kind::list: return "a list";
    case Value::Kind::map: return "a group";
  }
  return {};
}

}  // namespace fl::config
