#include "proxy/middleware/field_edit.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "http/grammar.h"

namespace fl::proxy::middleware {
namespace {

// Labels give names in any case; servers were used to what Go makes of them.
std::string usual_spelling(std::string_view name) {
  std::string out(name);
  bool at_start = true;
  for (char& c : out) {
    c = at_start ? ascii_upper(c) : ascii_lower(c);
    at_start = c == '-';
  }
  return out;
}

}  // namespace

Result<FieldEdit> FieldEdit::make(std::string_view name, std::string_view value) {
  if (!http::is_token(name)) return fail(Code::invalid, fmt::format("\"{}\" is not a header name", name));
  if (!http::is_field_value(value))
    return fail(Code::invalid, fmt::format("the value of header {} has a control character", name));
  return FieldEdit{usual_spelling(name), std::string(trim(value))};
}

void FieldEdit::apply(http::HeaderMap& headers) const {
  if (value.empty())
    headers.remove(name);
  else
    headers.set(name, value);
}

}  // namespace fl::proxy::middleware
