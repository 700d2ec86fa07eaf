// Sprig's functions on text. Letter case is ASCII's.
#include <algorithm>

#include "base/crypto.h"
#include "base/regex.h"
#include "providers/gotemplate/arguments.h"

namespace fl::providers::gotemplate {
namespace {

std::string title(std::string_view text) {
  std::string out(text);
  for (size_t i = 0; i < out.size(); ++i)
    if (i == 0 || std::string_view(" \t\r\n-").contains(out[i - 1])) out[i] = ascii_upper(out[i]);
  return out;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) return std::string(text);
  std::string out;
  size_t at = 0;
  for (size_t hit; (hit = text.find(from, at)) != text.npos; at = hit + from.size()) {
    out += text.substr(at, hit - at);
    out += to;
  }
  out += text.substr(at);
  return out;
}

std::vector<std::string_view> parts(std::string_view text, std::string_view separator, size_t limit) {
  std::vector<std::string_view> out;
  if (separator.empty()) {
    for (size_t i = 0; i < text.size(); ++i) out.push_back(text.substr(i, 1));
    return out;
  }
  size_t at = 0;
  for (size_t hit; out.size() + 1 < limit && (hit = text.find(separator, at)) != text.npos; at = hit + separator.size())
    out.push_back(text.substr(at, hit - at));
  out.push_back(text.substr(at));
  return out;
}

Value part_list(std::string_view text, std::string_view separator) {
  json::Array out;
  for (const auto part : parts(text, separator, kMaxListSize)) out.emplace_back(part);
  return out;
}

// Sprig's split gives a map: _0, _1 ...
Value part_map(std::string_view text, std::string_view separator, size_t limit) {
  json::Object out;
  for (const auto part : parts(text, separator, limit)) out.emplace_back(fmt::format("_{}", out.size()), part);
  return out;
}

Result<Value> splitn(Arguments args) {
  FL_TRY(const std::string_view separator, text_at(args, 0));
  FL_TRY(const std::string_view text, text_at(args, 2));
  const int64_t limit = to_int(args[1]);
  return part_map(text, separator, limit <= 0 ? kMaxListSize : static_cast<size_t>(limit));
}

Result<Value> replace(Arguments args) {
  FL_TRY(const std::string_view from, text_at(args, 0));
  FL_TRY(const std::string_view to, text_at(args, 1));
  FL_TRY(const std::string_view text, text_at(args, 2));
  if (!from.empty() && text.size() / from.size() * to.size() > 4 * kMaxTextBytes)
    return fail(Code::exhausted, "the text would be too long");
  return Value(replaced(text, from, to));
}

Result<Value> repeat(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 1));
  const int64_t count = std::max<int64_t>(0, to_int(args[0]));
  if (!text.empty() && static_cast<uint64_t>(count) > kMaxTextBytes / text.size())
    return fail(Code::exhausted, "the text would be too long");
  std::string out;
  for (int64_t i = 0; i < count && !text.empty(); ++i) out += text;
  return Value(std::move(out));
}

Result<Value> substr(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 2));
  const int64_t size = static_cast<int64_t>(text.size());
  const int64_t from = std::max<int64_t>(0, to_int(args[0]));
  const int64_t end = to_int(args[1]);
  const int64_t to = end < 0 || end > size ? size : end;
  return from > to ? Value("") : Value(text.substr(static_cast<size_t>(from), static_cast<size_t>(to - from)));
}

Result<Value> trunc(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 1));
  const int64_t size = static_cast<int64_t>(text.size());
  const int64_t count = to_int(args[0]);
  if (count >= 0) return Value(text.substr(0, static_cast<size_t>(std::min(count, size))));
  return Value(count < -size ? text : text.substr(static_cast<size_t>(size + count)));
}

Result<Value> abbrev(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 1));
  const int64_t width = to_int(args[0]);
  if (width < 4 || static_cast<int64_t>(text.size()) <= width) return Value(text);
  return Value(std::string(text.substr(0, static_cast<size_t>(width - 3))) + "...");
}

Result<Value> indented(Arguments args, std::string start) {
  FL_TRY(const std::string_view text, text_at(args, 1));
  const int64_t width = to_int(args[0]);
  if (width < 0 || width > 1000) return fail(Code::invalid, "the indentation is not between 0 and 1000");
  const std::string pad(static_cast<size_t>(width), ' ');
  if (static_cast<size_t>(std::ranges::count(text, '\n')) * pad.size() > kMaxTextBytes)
    return fail(Code::exhausted, "the text would be too long");
  return Value(start + pad + replaced(text, "\n", "\n" + pad));
}

// Each value that is not nil, with quotes around it.
template <auto quote>
Result<Value> quoted_all(Arguments args) {
  std::string out;
  for (const Value& arg : args) {
    if (arg.is_null()) continue;
    if (!out.empty()) out += ' ';
    out += quote(arg);
  }
  return Value(std::move(out));
}
std::string double_quoted(const Value& value) {
  const Value text(printed(value));
  return sprintf("%q", {&text, 1});
}
std::string single_quoted(const Value& value) { return "'" + printed(value) + "'"; }

Result<Value> join_list(Arguments args) {
  FL_TRY(const std::string_view separator, text_at(args, 0));
  const auto* list = args[1].if_array();
  if (list == nullptr) return Value(args[1].is_null() ? "" : printed(args[1]));
  std::string out;
  bool first = true;
  for (const Value& element : *list) {
    if (element.is_null()) continue;
    if (!std::exchange(first, false)) out += separator;
    append_printed(out, element);
  }
  return Value(std::move(out));
}

std::string environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? "" : value;
}

// $NAME and ${NAME}
std::string with_environment(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const bool is_braced = text[i + 1] == '{';
    const size_t start = i + (is_braced ? 2 : 1);
    size_t end = start;
    while (end < text.size() && (is_braced ? text[end] != '}' : is_alnum(text[end]) || text[end] == '_')) ++end;
    if (end == start && !is_braced) {
      out += '$';
      continue;
    }
    out += environment(text.substr(start, end - start));
    i = is_braced ? end : end - 1;
  }
  return out;
}

Result<Value> regex_match(Arguments args) {
  FL_TRY(const std::string_view pattern, text_at(args, 0));
  FL_TRY(const std::string_view text, text_at(args, 1));
  FL_TRY(const Regex regex, Regex::compile(pattern));
  return Value(regex.matches(text));
}

Result<Value> regex_replace(Arguments args, bool is_literal) {
  FL_TRY(const std::string_view pattern, text_at(args, 0));
  FL_TRY(const std::string_view text, text_at(args, 1));
  FL_TRY(const std::string_view with, text_at(args, 2));
  if (with.size() * (text.size() + 1) > 16 * kMaxTextBytes) return fail(Code::exhausted, "the text would be too long");
  FL_TRY(const Regex regex, Regex::compile(pattern));
  return Value(regex.replace_all(text, is_literal ? replaced(with, "$", "$$") : std::string(with)));
}

std::string quote_meta(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

Result<Value> base64_decoded(Arguments args) {
  FL_TRY(const std::string_view text, text_at(args, 0));
  FL_TRY(std::string bytes, base64_decode(text));
  return Value(std::move(bytes));
}

using Text = std::string_view;
constexpr uint8_t kMany = Function::kMany;

constexpr Function kText[] = {
    {"lower", 1, 1, of_text<to_lower>},
    {"upper", 1, 1, of_text<to_upper>},
    {"title", 1, 1, of_text<title>},
    {"normalize", 1, 1, of_text<normalize>},
    {"trim", 1, 1, of_text<[](Text s) { return trim(s); }>},
    {"trimAll", 2, 2, of_texts<[](Text what, Text s) { return trim(s, what); }>},
    {"trimPrefix", 2, 2,
     of_texts<[](Text prefix, Text s) { return s.starts_with(prefix) ? s.substr(prefix.size()) : s; }>},
    {"trimSuffix", 2, 2,
     of_texts<[](Text suffix, Text s) { return s.ends_with(suffix) ? s.substr(0, s.size() - suffix.size()) : s; }>},
    {"nospace", 1, 1, of_text<[](Text s) {
       std::string out(s);
       std::erase_if(out, [](char c) { return std::string_view(" \t\r\n\v\f").contains(c); });
       return out;
     }>},
    {"contains", 2, 2, of_texts<[](Text part, Text s) { return s.contains(part); }>},
    {"hasPrefix", 2, 2, of_texts<[](Text prefix, Text s) { return s.starts_with(prefix); }>},
    {"hasSuffix", 2, 2, of_texts<[](Text suffix, Text s) { return s.ends_with(suffix); }>},
    {"split", 2, 2, of_texts<[](Text separator, Text s) { return part_map(s, separator, kMaxListSize); }>},
    {"split file", 2, 2, of_texts<[](Text s, Text separator) { return part_list(s, separator); }>},
    {"splitList", 2, 2, of_texts<[](Text separator, Text s) { return part_list(s, separator); }>},
    {"splitn", 3, 3, splitn},
    {"join", 2, 2, join_list},
    {"replace", 3, 3, replace},
    {"repeat", 2, 2, repeat},
    {"substr", 3, 3, substr},
    {"trunc", 2, 2, trunc},
    {"abbrev", 2, 2, abbrev},
    {"indent", 2, 2, [](Arguments args) { return indented(args, ""); }},
    {"nindent", 2, 2, [](Arguments args) { return indented(args, "\n"); }},
    {"quote", 0, kMany, quoted_all<double_quoted>},
    {"squote", 0, kMany, quoted_all<single_quoted>},
    {"cat", 0, kMany, quoted_all<printed>},
    {"toString", 1, 1, [](Arguments args) -> Result<Value> { return Value(printed(args[0])); }},
    {"env", 1, 1, of_text<environment>},
    {"expandenv", 1, 1, of_text<with_environment>},
    {"regexMatch", 2, 2, regex_match},
    {"mustRegexMatch", 2, 2, regex_match},
    {"regexReplaceAll", 3, 3, [](Arguments args) { return regex_replace(args, false); }},
    {"mustRegexReplaceAll", 3, 3, [](Arguments args) { return regex_replace(args, false); }},
    {"regexReplaceAllLiteral", 3, 3, [](Arguments args) { return regex_replace(args, true); }},
    {"mustRegexReplaceAllLiteral", 3, 3, [](Arguments args) { return regex_replace(args, true); }},
    {"regexQuoteMeta", 1, 1, of_text<quote_meta>},
    {"b64enc", 1, 1, of_text<base64_encode>},
    {"b64dec", 1, 1, base64_decoded},
    {"sha1sum", 1, 1, of_text<[](Text s) { return hex(sha1(s)); }>},
    {"sha256sum", 1, 1, of_text<[](Text s) { return hex(sha256(s)); }>},
};

}  // namespace

std::span<const Function> text_functions() { return kText; }

std::string normalize(std::string_view name) {
  // Only RE2 knows which characters beyond ASCII are letters; names seldom have any.
  const bool is_ascii = std::ranges::all_of(name, [](char c) { return (c & 0x80) == 0; });
  std::string out;
  if (is_ascii) {
    for (const char c : name) {
      if (is_alnum(c))
        out += c;
      else if (!out.empty() && out.back() != '-')
        out += '-';
    }
  } else {
    static const Regex others = *Regex::compile("[^\\pL\\pN]+");
    out = others.replace_all(name, "-");
  }
  return std::string(trim(out, "-"));
}

}  // namespace fl::providers::gotemplate
