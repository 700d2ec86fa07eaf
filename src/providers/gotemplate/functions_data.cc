// Sprig's functions on lists, dictionaries, numbers and defaults.
#include <algorithm>
#include <cmath>

#include "providers/gotemplate/arguments.h"

namespace fl::providers::gotemplate {
namespace {

bool contains(std::span<const Value> list, const Value& value) { return std::ranges::find(list, value) != list.end(); }

Result<Value> default_value(Arguments args) { return args.size() == 1 || !is_true(args[1]) ? args[0] : args[1]; }

Result<Value> coalesce(Arguments args) {
  const auto found = std::ranges::find_if(args, is_true);
  return found == args.end() ? Value() : *found;
}

Result<Value> ternary(Arguments args) {
  if (args[2].if_bool() == nullptr) return wrong_type(args[2], "bool");
  return *args[2].if_bool() ? args[0] : args[1];
}

Result<Value> fail_with(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 0));
  return fail(Code::invalid, std::string(text));
}

// By -1 without the machine's overflow trap: the quotient wraps around, as Go's does.
Result<Value> div(Arguments args) {
  const int64_t by = to_int(args[1]);
  if (by == 0) return fail(Code::invalid, "division by zero");
  return Value(by == -1 ? static_cast<int64_t>(0 - static_cast<uint64_t>(to_int(args[0]))) : to_int(args[0]) / by);
}

Result<Value> mod(Arguments args) {
  const int64_t by = to_int(args[1]);
  if (by == 0) return fail(Code::invalid, "division by zero");
  return Value(by == -1 ? 0 : to_int(args[0]) % by);
}

template <auto better>
Result<Value> best(Arguments args) {
  int64_t result = to_int(args[0]);
  for (const Value& arg : args)
    if (better(to_int(arg), result)) result = to_int(arg);
  return Value(result);
}

Result<Value> counted(int64_t from, int64_t to, int64_t step) {
  json::Array out;
  if (step == 0) return out;
  for (__int128 i = from; step > 0 ? i < to : i > to; i += step) {
    if (out.size() == kMaxListSize) return fail(Code::exhausted, "the list would be too long");
    out.emplace_back(static_cast<int64_t>(i));
  }
  return Value(std::move(out));
}

Result<Value> until(Arguments args) {
  const int64_t count = to_int(args[0]);
  return counted(0, count, count < 0 ? -1 : 1);
}

// The element at the front or back; nil of an empty list.
template <bool is_first>
Result<Value> end_of(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  return list.empty() ? Value() : is_first ? list.front() : list.back();
}

// The list without its element at the front or back.
template <bool is_first>
Result<Value> without_end(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  if (list.empty()) return Value(json::Array());
  const auto rest = is_first ? list.subspan(1) : list.first(list.size() - 1);
  return Value(json::Array(rest.begin(), rest.end()));
}

template <bool at_front>
Result<Value> added(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  json::Array out(list.begin(), list.end());
  out.insert(at_front ? out.begin() : out.end(), args[1]);
  return Value(std::move(out));
}

Result<Value> concat(Arguments args) {
  json::Array out;
  for (size_t i = 0; i < args.size(); ++i) {
    FL_TRY(const auto list, list_at(args, i));
    if (out.size() + list.size() > kMaxListSize) return fail(Code::exhausted, "the list would be too long");
    out.insert(out.end(), list.begin(), list.end());
  }
  return Value(std::move(out));
}

Result<Value> reversed(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  return Value(json::Array(list.rbegin(), list.rend()));
}

Result<Value> has(Arguments args) {
  FL_TRY(const auto list, list_at(args, 1));
  return Value(contains(list, args[0]));
}

Result<Value> without(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  json::Array out;
  for (const Value& element : list)
    if (!contains(args.subspan(1), element)) out.push_back(element);
  return Value(std::move(out));
}

Result<Value> compact(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  json::Array out;
  std::ranges::copy_if(list, std::back_inserter(out), is_true);
  return Value(std::move(out));
}

Result<Value> uniq(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  if (list.size() > 1000) return fail(Code::exhausted, "the list is too long");
  json::Array out;
  for (const Value& element : list)
    if (!contains(out, element)) out.push_back(element);
  return Value(std::move(out));
}

Result<Value> sort_alpha(Arguments args) {
  FL_TRY(const auto list, list_at(args, 0));
  std::vector<std::string> texts;
  for (const Value& element : list) texts.push_back(printed(element));
  std::ranges::sort(texts);
  return Value(json::Array(texts.begin(), texts.end()));
}

Result<Value> dict(Arguments args) {
  json::Object out;
  for (size_t i = 0; i < args.size(); i += 2) {
    std::string key = printed(args[i]);
    Value value = i + 1 < args.size() ? args[i + 1] : Value("");
    const auto at = std::ranges::lower_bound(out, key, {}, &json::Member::first);
    if (at != out.end() && at->first == key)
      at->second = std::move(value);
    else
      out.emplace(at, std::move(key), std::move(value));
  }
  return Value(std::move(out));
}

Result<Value> get(Arguments args) {
  FL_TRY([[maybe_unused]] const auto* dict, dict_at(args, 0));
  FL_TRY(const std::string_view key, text_at(args, 1));
  const Value* found = args[0].find(key);
  return found == nullptr ? Value("") : *found;
}

Result<Value> has_key(Arguments args) {
  FL_TRY([[maybe_unused]] const auto* dict, dict_at(args, 0));
  FL_TRY(const std::string_view key, text_at(args, 1));
  return Value(args[0].find(key) != nullptr);
}

template <auto member>
Result<Value> members(Arguments args) {
  json::Array out;
  for (size_t i = 0; i < args.size(); ++i) {
    FL_TRY(const auto* dict, dict_at(args, i));
    for (const auto& entry : *dict) out.emplace_back(entry.*member);
  }
  return Value(std::move(out));
}

Result<Value> from_json(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 0));
  return json::parse(text).value_or(Value());
}

Result<Value> kind_is(Arguments args) {
  FL_TRY(const std::string_view kind, text_at(args, 0));
  return Value(kind_of(args[1]) == kind);
}

Result<Value> as_int(Arguments args) { return Value(to_int(args[0])); }

constexpr uint8_t kMany = Function::kMany;

constexpr Function kData[] = {
    {"default", 1, 2, default_value},
    {"empty", 1, 1, [](Arguments args) -> Result<Value> { return Value(!is_true(args[0])); }},
    {"coalesce", 0, kMany, coalesce},
    {"all", 0, kMany, [](Arguments args) -> Result<Value> { return Value(std::ranges::all_of(args, is_true)); }},
    {"any", 0, kMany, [](Arguments args) -> Result<Value> { return Value(std::ranges::any_of(args, is_true)); }},
    {"ternary", 3, 3, ternary},
    {"fail", 1, 1, fail_with},
    {"kindOf", 1, 1, [](Arguments args) -> Result<Value> { return Value(kind_of(args[0])); }},
    {"kindIs", 2, 2, kind_is},
    {"typeOf", 1, 1, [](Arguments args) -> Result<Value> { return Value(kind_of(args[0])); }},
    {"int", 1, 1, as_int},
    {"int64", 1, 1, as_int},
    {"atoi", 1, 1, as_int},
    {"float64", 1, 1, [](Arguments args) -> Result<Value> { return Value(to_real(args[0])); }},
    {"ceil", 1, 1, [](Arguments args) -> Result<Value> { return Value(std::ceil(to_real(args[0]))); }},
    {"floor", 1, 1, [](Arguments args) -> Result<Value> { return Value(std::floor(to_real(args[0]))); }},
    {"add", 1, kMany, of_ints<[](uint64_t a, uint64_t b) { return a + b; }>},
    {"add1", 1, 1,
     [](Arguments args) -> Result<Value> {
       return Value(static_cast<int64_t>(static_cast<uint64_t>(to_int(args[0])) + 1));
     }},
    {"sub", 2, 2, of_ints<[](uint64_t a, uint64_t b) { return a - b; }>},
    {"mul", 1, kMany, of_ints<[](uint64_t a, uint64_t b) { return a * b; }>},
    {"div", 2, 2, div},
    {"mod", 2, 2, mod},
    {"max", 1, kMany, best<[](int64_t a, int64_t b) { return a > b; }>},
    {"min", 1, kMany, best<[](int64_t a, int64_t b) { return a < b; }>},
    {"until", 1, 1, until},
    {"untilStep", 3, 3, [](Arguments args) { return counted(to_int(args[0]), to_int(args[1]), to_int(args[2])); }},
    {"list", 0, kMany, [](Arguments args) -> Result<Value> { return Value(json::Array(args.begin(), args.end())); }},
    {"tuple", 0, kMany, [](Arguments args) -> Result<Value> { return Value(json::Array(args.begin(), args.end())); }},
    {"first", 1, 1, end_of<true>},
    {"last", 1, 1, end_of<false>},
    {"rest", 1, 1, without_end<true>},
    {"initial", 1, 1, without_end<false>},
    {"append", 2, 2, added<false>},
    {"push", 2, 2, added<false>},
    {"prepend", 2, 2, added<true>},
    {"concat", 0, kMany, concat},
    {"reverse", 1, 1, reversed},
    {"has", 2, 2, has},
    {"without", 1, kMany, without},
    {"compact", 1, 1, compact},
    {"uniq", 1, 1, uniq},
    {"sortAlpha", 1, 1, sort_alpha},
    {"dict", 0, kMany, dict},
    {"get", 2, 2, get},
    {"hasKey", 2, 2, has_key},
    {"keys", 0, kMany, members<&json::Member::first>},
    {"values", 0, kMany, members<&json::Member::second>},
    {"toJson", 1, 1, [](Arguments args) -> Result<Value> { return Value(json::to_text(args[0], true)); }},
    {"toRawJson", 1, 1, [](Arguments args) -> Result<Value> { return Value(json::to_text(args[0])); }},
    {"fromJson", 1, 1, from_json},
};

}  // namespace

std::span<const Function> data_functions() { return kData; }

}  // namespace fl::providers::gotemplate
