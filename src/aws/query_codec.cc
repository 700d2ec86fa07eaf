#include "aws/query_codec.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "aws/iso8601.h"
#include "aws/sigv4.h"
#include "base/strings.h"

namespace fl::aws {
namespace {

tl::unexpected<Error> expected(std::string_view what) { return fail(Code::invalid, fmt::format("expected {}", what)); }

template <class T>
Result<> decode_integer(const XmlElement& element, T& out) {
  const auto value = parse_int(trim(element.text));
  if (!value || !std::in_range<T>(*value)) return expected(sizeof(T) == 4 ? "a 32-bit integer" : "an integer");
  out = static_cast<T>(*value);
  return {};
}

}  // namespace

void QueryWriter::put(std::string_view name, std::string_view value) {
  form_ += fmt::format("&{}{}={}", prefix_, name, uri_encode(value));
}
void QueryWriter::put(std::string_view name, int64_t value) { put(name, std::string_view(std::to_string(value))); }
void QueryWriter::put(std::string_view name, WallTime value) { put(name, std::string_view(format_rfc3339(value))); }

std::string QueryWriter::item_name(std::string_view list, size_t number) const {
  return fmt::format("{}.{}{}", list, style_ == QueryStyle::query ? "member." : "", number);
}

Result<> decode(const XmlElement& element, std::string& out) {
  if (!element.children.empty()) return expected("text");
  out = element.text;
  return {};
}

Result<> decode(const XmlElement& element, bool& out) {
  const std::string_view text = trim(element.text);
  if (text != "true" && text != "false") return expected("true or false");
  out = text == "true";
  return {};
}

Result<> decode(const XmlElement& element, int32_t& out) { return decode_integer(element, out); }
Result<> decode(const XmlElement& element, int64_t& out) { return decode_integer(element, out); }

Result<> decode(const XmlElement& element, double& out) {
  const std::string_view text = trim(element.text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(out)) return expected("a number");
  return {};
}

Result<> decode(const XmlElement& element, WallTime& out) {
  FL_TRY(out, parse_iso8601(trim(element.text)));
  return {};
}

}  // namespace fl::aws
