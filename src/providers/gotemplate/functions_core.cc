// Go's own template functions, and the lookup over all tables.
#include <algorithm>

#include "providers/gotemplate/arguments.h"

namespace fl::providers::gotemplate {
namespace {

// -1, 0 or 1; an error for kinds that cannot be compared with each other.
Result<int> compared(const Value& a, const Value& b) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.if_int() != nullptr && b.if_int() != nullptr) return order(*a.if_int(), *b.if_int());
  if (a.if_string() != nullptr && b.if_string() != nullptr) return order(*a.if_string(), *b.if_string());
  if (kind_of(a) == "float64" && kind_of(b) == "float64") return order(*a.if_number(), *b.if_number());
  return fail(Code::invalid, fmt::format("incompatible types for comparison: {} and {}", kind_of(a), kind_of(b)));
}

Result<bool> equal(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.if_array() != nullptr || a.if_object() != nullptr) return wrong_type(a, "something to compare");
  if (kind_of(a) != kind_of(b))
    return fail(Code::invalid, fmt::format("incompatible types for comparison: {} and {}", kind_of(a), kind_of(b)));
  return a == b;
}

Result<Value> eq(Arguments args) {
  for (const Value& other : args.subspan(1)) {
    FL_TRY(const bool same, equal(args[0], other));
    if (same) return Value(true);
  }
  return Value(false);
}

Result<Value> ne(Arguments args) {
  FL_TRY(const bool same, equal(args[0], args[1]));
  return Value(!same);
}

template <auto f>
Result<Value> ordered(Arguments args) {
  FL_TRY(const int order, compared(args[0], args[1]));
  return Value(f(order));
}

Result<Value> len(Arguments args) {
  const auto size = [](size_t n) { return Value(static_cast<int64_t>(n)); };
  if (const auto* text = args[0].if_string()) return size(text->size());
  if (const auto* list = args[0].if_array()) return size(list->size());
  if (const auto* map = args[0].if_object()) return size(map->size());
  return wrong_type(args[0], "text, list or map");
}

// Of a map of text (labels) an absent key is "", of other maps nil: Go's zero value of the element's type.
Result<Value> one_index(const Value& in, const Value& key) {
  if (const auto* map = in.if_object()) {
    if (key.if_string() == nullptr) return wrong_type(key, "string");
    if (const Value* found = in.find(*key.if_string())) return *found;
    const bool is_text = std::ranges::all_of(*map, [](const auto& m) { return m.second.if_string() != nullptr; });
    return is_text ? Value("") : Value();
  }
  if (in.if_array() == nullptr && in.if_string() == nullptr) return wrong_type(in, "text, list or map");
  if (key.if_int() == nullptr) return wrong_type(key, "int");
  const auto at = static_cast<uint64_t>(*key.if_int());
  const size_t size = in.if_array() != nullptr ? in.if_array()->size() : in.if_string()->size();
  if (at >= size) return fail(Code::invalid, fmt::format("index out of range: {}", *key.if_int()));
  if (in.if_array() != nullptr) return (*in.if_array())[at];
  return Value(int64_t{static_cast<unsigned char>((*in.if_string())[at])});
}

Result<Value> index(Arguments args) {
  Value at = args[0];
  for (const Value& key : args.subspan(1)) {
    FL_TRY(Value next, one_index(at, key));
    at = std::move(next);
  }
  return at;
}

Result<Value> slice(Arguments args) {
  const auto* text = args[0].if_string();
  const auto* list = args[0].if_array();
  if (text == nullptr && list == nullptr) return wrong_type(args[0], "text or list");
  const int64_t size = static_cast<int64_t>(text != nullptr ? text->size() : list->size());
  const int64_t from = args.size() > 1 ? to_int(args[1]) : 0;
  const int64_t to = args.size() > 2 ? to_int(args[2]) : size;
  if (from < 0 || from > to || to > size)
    return fail(Code::invalid, fmt::format("slice [{}:{}] of {}", from, to, size));
  if (text != nullptr) return Value(text->substr(static_cast<size_t>(from), static_cast<size_t>(to - from)));
  return Value(json::Array(list->begin() + from, list->begin() + to));
}

// fmt.Sprint: a space between two arguments when neither is text.
Result<Value> print(Arguments args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0 && args[i].if_string() == nullptr && args[i - 1].if_string() == nullptr) out += ' ';
    append_printed(out, args[i]);
  }
  return Value(std::move(out));
}

Result<Value> println(Arguments args) {
  std::string out;
  for (const Value& arg : args) {
    if (&arg != args.data()) out += ' ';
    append_printed(out, arg);
  }
  return Value(out + '\n');
}

Result<Value> printf(Arguments args) {
  FL_TRY(const std::string_view format, text_at(args, 0));
  return Value(sprintf(format, args.subspan(1)));
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string urlquery(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || std::string_view("-_.~").contains(c))
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

constexpr uint8_t kMany = Function::kMany;

// `and` and `or` come here only when no argument before the last one decided: the last is the result.
constexpr Function kCore[] = {
    {"and", 1, kMany, [](Arguments args) -> Result<Value> { return args.back(); }},
    {"or", 1, kMany, [](Arguments args) -> Result<Value> { return args.back(); }},
    {"not", 1, 1, [](Arguments args) -> Result<Value> { return Value(!is_true(args[0])); }},
    {"eq", 2, kMany, eq},
    {"ne", 2, 2, ne},
    {"lt", 2, 2, ordered<[](int order) { return order < 0; }>},
    {"le", 2, 2, ordered<[](int order) { return order <= 0; }>},
    {"gt", 2, 2, ordered<[](int order) { return order > 0; }>},
    {"ge", 2, 2, ordered<[](int order) { return order >= 0; }>},
    {"len", 1, 1, len},
    {"index", 1, kMany, index},
    {"slice", 1, 3, slice},
    {"print", 0, kMany, print},
    {"println", 0, kMany, println},
    {"printf", 1, kMany, printf},
    {"html", 1, 1, of_text<html>},
    {"urlquery", 1, 1, of_text<urlquery>},
};

}  // namespace

std::span<const Function> core_functions() { return kCore; }

bool is_true(const Value& value) {
  if (const auto* flag = value.if_bool()) return *flag;
  if (const auto* text = value.if_string()) return !text->empty();
  if (const auto* list = value.if_array()) return !list->empty();
  if (const auto* map = value.if_object()) return !map->empty();
  return value.if_number().value_or(0) != 0;
}

const Function* find_function(std::string_view name, Dialect dialect) {
  if (name == "split" && dialect == Dialect::file) name = "split file";
  for (const auto table : {core_functions(), text_functions(), data_functions()})
    if (const auto found = std::ranges::find(table, name, &Function::name); found != table.end()) return &*found;
  return nullptr;
}

}  // namespace fl::providers::gotemplate
