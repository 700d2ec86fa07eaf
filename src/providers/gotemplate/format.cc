#include "providers/gotemplate/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/strings.h"

namespace fl::providers::gotemplate {
namespace {

constexpr size_t kMaxWidth = 1000;

struct Verb {
  char letter = 0;
  bool minus = false, plus = false, zero = false, space = false;
  size_t width = 0;
  int precision = -1;
};

// %v of a float64: %g with the shortest digits, but exponents only below 1e-4 and from 1e21.
std::string shortest(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "+Inf" : "-Inf";
  const double size = std::fabs(x);
  const bool has_exponent = x != 0 && (size < 1e-4 || size >= 1e21);
  char buffer[400];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), x,
                                 has_exponent ? std::chars_format::scientific : std::chars_format::fixed);
  return {buffer, end.ptr};
}

std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
          out += c;
    }
  }
  return out + '"';
}

// `%!d(string=x)`
std::string mismatch(char verb, const json::Value& value) {
  if (value.is_null()) return fmt::format("%!{}(<nil>)", verb);
  return fmt::format("%!{}({}={})", verb, kind_of(value), printed(value));
}

std::string signed_text(const Verb& verb, std::string digits) {
  if (digits.starts_with('-')) return digits;
  return verb.plus ? "+" + digits : verb.space ? " " + digits : digits;
}

std::string formatted_integer(const Verb& verb, int64_t n) {
  switch (verb.letter) {
    case 'd': return signed_text(verb, fmt::format("{}", n));
    case 'x': return signed_text(verb, fmt::format("{:x}", n));
    case 'X': return signed_text(verb, fmt::format("{:X}", n));
    case 'o': return signed_text(verb, fmt::format("{:o}", n));
    case 'b': return signed_text(verb, fmt::format("{:b}", n));
    case 'c': return n > 0 && n < 0x80 ? std::string(1, static_cast<char>(n)) : "?";
    default: return mismatch(verb.letter, n);
  }
}

std::string formatted_real(const Verb& verb, double x) {
  const int precision = verb.precision < 0 ? 6 : verb.precision;
  switch (verb.letter) {
    case 'f': return signed_text(verb, fmt::format("{:.{}f}", x, precision));
    case 'e': return signed_text(verb, fmt::format("{:.{}e}", x, precision));
    case 'g': return signed_text(verb, verb.precision < 0 ? shortest(x) : fmt::format("{:.{}g}", x, precision));
    default: return mismatch(verb.letter, x);
  }
}

std::string formatted_text(const Verb& verb, std::string_view text) {
  const std::string_view shown = verb.precision < 0 ? text : text.substr(0, static_cast<size_t>(verb.precision));
  std::string out;
  switch (verb.letter) {
    case 's': return std::string(shown);
    case 'q': return go_quoted(shown);
    case 'x':
      for (const char c : shown) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
      return out;
    case 'X':
      for (const char c : shown) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
      return out;
    default: return mismatch(verb.letter, text);
  }
}

// Lists and maps: the verb applies to each element.
std::string formatted(const Verb& verb, const json::Value& value) {
  if (verb.letter == 'v') {
    const std::string text = printed(value);
    return value.if_int() != nullptr ? signed_text(verb, text) : text;
  }
  if (verb.letter == 'T') return std::string(kind_of(value));
  if (const auto* flag = value.if_bool())
    return verb.letter == 't' ? (*flag ? "true" : "false") : mismatch(verb.letter, value);
  if (const auto* n = value.if_int()) return formatted_integer(verb, *n);
  if (const auto* text = value.if_string()) return formatted_text(verb, *text);
  if (const auto x = value.if_number()) return formatted_real(verb, *x);
  if (const auto* list = value.if_array()) {
    std::string out = "[";
    for (const auto& element : *list) out += (out.size() > 1 ? " " : "") + formatted(verb, element);
    return out + "]";
  }
  return mismatch(verb.letter, value);
}

void append_padded(std::string& out, const Verb& verb, std::string text) {
  const auto characters = static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
  const size_t missing = verb.width > characters ? verb.width - characters : 0;
  if (verb.minus) {
    out += text.append(missing, ' ');
  } else if (verb.zero) {
    const bool has_sign = text.starts_with('-') || text.starts_with('+');
    out += text.insert(has_sign ? 1 : 0, missing, '0');
  } else {
    out.append(missing, ' ') += text;
  }
}

}  // namespace

std::string_view kind_of(const json::Value& value) {
  if (value.is_null()) return "invalid";
  if (value.if_bool() != nullptr) return "bool";
  if (value.if_int() != nullptr) return "int";
  if (value.if_string() != nullptr) return "string";
  if (value.if_array() != nullptr) return "slice";
  return value.if_object() != nullptr ? "map" : "float64";
}

void append_printed(std::string& out, const json::Value& value) {
  if (value.is_null()) {
    out += "<nil>";
  } else if (const auto* flag = value.if_bool()) {
    out += *flag ? "true" : "false";
  } else if (const auto* n = value.if_int()) {
    out += std::to_string(*n);
  } else if (const auto* text = value.if_string()) {
    out += *text;
  } else if (const auto* list = value.if_array()) {
    out += '[';
    for (size_t i = 0; i < list->size(); ++i) {
      if (i > 0) out += ' ';
      append_printed(out, (*list)[i]);
    }
    out += ']';
  } else if (const auto* map = value.if_object()) {
    std::vector<const json::Member*> sorted;
    for (const auto& member : *map) sorted.push_back(&member);
    std::ranges::sort(sorted, {}, &json::Member::first);
    out += "map[";
    for (const auto* member : sorted) {
      if (member != sorted.front()) out += ' ';
      out += member->first;
      out += ':';
      append_printed(out, member->second);
    }
    out += ']';
  } else {
    out += shortest(*value.if_number());
  }
}

std::string printed(const json::Value& value) {
  std::string out;
  append_printed(out, value);
  return out;
}

std::string output_of(const json::Value& value) { return value.is_null() ? "<no value>" : printed(value); }

std::string sprintf(std::string_view format, std::span<const json::Value> args) {
  std::string out;
  size_t used = 0;
  for (size_t i = 0; i < format.size();) {
    const size_t percent = std::min(format.find('%', i), format.size());
    out += format.substr(i, percent - i);
    if ((i = percent + 1) > format.size()) break;
    Verb verb;
    for (; i < format.size() && std::string_view("-+0 #").contains(format[i]); ++i) {
      verb.minus |= format[i] == '-';
      verb.plus |= format[i] == '+';
      verb.zero |= format[i] == '0';
      verb.space |= format[i] == ' ';
    }
    for (; i < format.size() && is_digit(format[i]); ++i)
      verb.width = std::min(kMaxWidth, verb.width * 10 + static_cast<size_t>(format[i] - '0'));
    if (i < format.size() && format[i] == '.') {
      verb.precision = 0;
      for (++i; i < format.size() && is_digit(format[i]); ++i)
        verb.precision = std::min(static_cast<int>(kMaxWidth), verb.precision * 10 + (format[i] - '0'));
    }
    if (i == format.size()) {
      out += "%!(NOVERB)";
      break;
    }
    verb.letter = format[i++];
    if (verb.letter == '%') {
      out += '%';
    } else if (used == args.size()) {
      out += fmt::format("%!{}(MISSING)", verb.letter);
    } else {
      append_padded(out, verb, formatted(verb, args[used++]));
    }
  }
  for (bool first = true; used < args.size(); ++used, first = false) {
    out += first ? "%!(EXTRA " : ", ";
    out += args[used].is_null() ? "<nil>" : fmt::format("{}={}", kind_of(args[used]), printed(args[used]));
    if (used + 1 == args.size()) out += ')';
  }
  return out;
}

}  // namespace fl::providers::gotemplate
