// Go string literals, as rules write them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::config::expression {

// A literal's value and how many bytes of the source it takes, quotes included.
struct StringLiteral {
  std::string value;
  size_t size = 0;
};

// Reads the literal at the start of `source`, which begins with ` or ". Errors: it does not end, or has an escape that
// Go does not know. Source: Go specification, "String literals".
Result<StringLiteral> parse_string_literal(std::string_view source);

}  // namespace fl::config::expression
