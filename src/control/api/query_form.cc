#include "control/api/query_form.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "aws/iso8601.h"
#include "base/strings.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxDepth = 32;

// Parameters by the parts of their names. Numbers sort as numbers.
struct Node {
  struct NumbersFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return a.size() != b.size() && parse_uint(a) && parse_uint(b) ? a.size() < b.size() : a < b;
    }
  };
  std::optional<std::string_view> text;
  std::map<std::string, Node, NumbersFirst> children;

  const Node* find(std::string_view name) const {
    const auto found = children.find(std::string(name));
    return found == children.end() ? nullptr : &found->second;
  }
};

std::string decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex_value(text[i + 1]) : -1, low = escape ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

Result<json::Value> scalar(std::string_view text, ecs::ShapeKind kind) {
  const auto wrong = [&](std::string_view wanted) {
    return fail(Code::invalid, fmt::format("expected {}, not '{}'", wanted, text));
  };
  switch (kind) {
    case ecs::ShapeKind::boolean:
      if (text != "true" && text != "false") return wrong("true or false");
      return json::Value(text == "true");
    case ecs::ShapeKind::integer:
    case ecs::ShapeKind::long_integer: {
      const auto number = parse_int(text);
      if (!number) return wrong("an integer");
      return json::Value(*number);
    }
    case ecs::ShapeKind::number: {
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc{} || end != text.data() + text.size()) return wrong("a number");
      return json::Value(number);
    }
    case ecs::ShapeKind::timestamp: {
      const auto time = aws::parse_iso8601(text);
      if (!time) return wrong("a time as 2026-11-21T07:44:00Z");
      return json::Value(static_cast<double>(time->time_since_epoch().count()) / 1e9);
    }
    default: return json::Value(text);
  }
}

Result<json::Value> build(const Node& node, const ecs::ShapeRules& rules) {
  const auto step = [](Result<json::Value> built, std::string_view name) {
    if (!built) built = tl::make_unexpected(std::move(built).error().context(name));
    return built;
  };
  switch (rules.kind) {
    case ecs::ShapeKind::structure: {
      json::Object object;
      for (const ecs::MemberRules& member : rules.members) {
        const Node* child = node.find(member.name);
        if (child == nullptr) continue;
        FL_TRY(json::Value value, step(build(*child, *member.shape), member.name));
        object.emplace_back(member.name, std::move(value));
      }
      return json::Value(std::move(object));
    }
    case ecs::ShapeKind::list: {
      json::Array array;
      const Node* items = node.find("member");
      for (const auto& [number, child] : (items == nullptr ? node : *items).children) {
        FL_TRY(json::Value value, step(build(child, *rules.item), number));
        array.push_back(std::move(value));
      }
      return json::Value(std::move(array));
    }
    case ecs::ShapeKind::map: {
      json::Object object;
      const Node* entries = node.find("entry");
      for (const auto& [number, child] : (entries == nullptr ? node : *entries).children) {
        const Node *key = child.find("key"), *value = child.find("value");
        if (key == nullptr || !key->text || value == nullptr)
          return fail(Code::invalid, fmt::format("{}: an entry needs key and value", number));
        FL_TRY(json::Value built, step(build(*value, *rules.item), number));
        object.emplace_back(*key->text, std::move(built));
      }
      return json::Value(std::move(object));
    }
    default: return node.text ? scalar(*node.text, rules.kind) : json::Value();
  }
}

}  // namespace

FormParameters parse_form(std::string_view text) {
  FormParameters out;
  for (const std::string_view part : split(text, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    out.emplace_back(decode(part.substr(0, equals)), equals == part.npos ? "" : decode(part.substr(equals + 1)));
  }
  return out;
}

std::optional<std::string_view> find_parameter(const FormParameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return std::nullopt;
}

Result<json::Value> form_to_json(const FormParameters& parameters, const ecs::ShapeRules& rules) {
  Node root;
  for (const auto& [name, value] : parameters) {
    const auto parts = split(name, '.');
    if (parts.size() > kMaxDepth)
      return fail(Code::invalid, fmt::format("a parameter has at most {} parts", kMaxDepth));
    Node* node = &root;
    for (const std::string_view part : parts) node = &node->children[std::string(part)];
    node->text = value;
  }
  return build(root, rules);
}

}  // namespace fl::control::api
