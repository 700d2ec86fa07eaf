#include "config/paths.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace fl::config {
namespace {

constexpr size_t kMaxDepth = 64;  // far below any option; what reads the tree recurses

bool is_index(std::string_view segment) { return segment.starts_with('['); }

// "b[0]" -> b, [0].
Result<> append_segment(std::vector<std::string>& path, std::string_view segment, std::string_view whole) {
  const auto bad = [&](std::string_view why) { return fail(Code::invalid, fmt::format("\"{}\": {}", whole, why)); };
  if (segment.empty()) return bad("an empty segment");
  if (path.size() >= kMaxDepth) return bad("too many segments");
  if (is_index(segment)) return bad("a segment cannot begin with a bracket");
  if (!segment.ends_with(']')) {
    path.emplace_back(segment);
    return {};
  }
  const size_t bracket = segment.find('[');
  if (bracket == segment.npos || !parse_uint(segment.substr(bracket + 1, segment.size() - bracket - 2)))
    return bad("an index is written [0]");
  path.emplace_back(segment.substr(0, bracket));
  path.emplace_back(segment.substr(bracket));
  return {};
}

const Type& strip_optional(const Type& type) {
  return type.kind == Type::Kind::optional ? strip_optional(*type.element) : type;
}

Value* find_child(Value& parent, std::string_view name) {
  for (Value* child = parent.first; child != nullptr; child = child->next)
    if (iequals(child->key, name)) return child;
  return nullptr;
}

}  // namespace

Result<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> segments;
  for (std::string_view segment : split(path, '.')) FL_TRY_VOID(append_segment(segments, segment, path));
  return segments;
}

Document build_tree(std::span<const Setting> settings, std::vector<Issue>& issues) {
  Document document;
  for (const Setting& setting : settings) {
    const Mark mark{document.copy(setting.source)};
    const auto report = [&](Severity severity, std::string_view text) {
      std::string path = join(setting.path, ".");
      issues.push_back(
          {.severity = severity, .where = setting.source, .path = std::move(path), .text = std::string(text)});
    };
    Value* at = &document.root();
    bool is_new = false;
    for (const std::string& segment : setting.path) {
      const auto kind = is_index(segment) ? Value::Kind::list : Value::Kind::map;
      if (at->first != nullptr && at->kind != kind) {
        report(Severity::error, "is a list in one place and a group in another");
        at = nullptr;
        break;
      }
      at->kind = kind;
      Value* child = find_child(*at, segment);
      is_new = child == nullptr;
      if (is_new) {
        child = &document.make(Value::Kind::scalar, mark);
        child->key = document.copy(segment);
        at->append(*child);
      }
      at = child;
    }
    if (at == nullptr) continue;
    if (!is_new && at->kind == Value::Kind::scalar) report(Severity::warning, "is set twice; this one counts");
    at->text = document.copy(setting.value);
    at->mark = mark;
  }
  return document;
}

Destination resolve(const Type& root, std::span<const std::string> path) {
  Destination at{.type = &strip_optional(root)};
  for (const std::string& segment : path) {
    switch (at.type->kind) {
      case Type::Kind::structure: {
        const Schema& owner = at.type->schema();
        const Field* field = owner.find(segment);
        if (field == nullptr || field->type == nullptr) return {nullptr, field, &owner};
        at = {&strip_optional(*field->type), field, &owner};
        break;
      }
      case Type::Kind::list:
        if (!is_index(segment)) return {};
        at = {.type = &strip_optional(*at.type->element)};
        break;
      case Type::Kind::map: at = {.type = &strip_optional(*at.type->element)}; break;
      default: return {};
    }
  }
  return at;
}

Result<std::vector<std::string>> split_variable(std::string_view name, const Type& root) {
  std::vector<std::string> path;
  for (std::string_view part : split(name, '_')) {
    const Destination parent = resolve(root, path);
    if (parent.type != nullptr && parent.type->kind == Type::Kind::list && parse_uint(part))
      path.push_back(fmt::format("[{}]", part));
    else
      FL_TRY_VOID(append_segment(path, to_lower(part), name));
  }
  return path;
}

}  // namespace fl::config
