// TOML text -> Value tree (toml++ parses). Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/value.h"

namespace fl::config {

// `source` names the text in messages. Errors: not TOML (with source:line:column), a date or time value, more than
// 64 MiB, deeper than 100.
Result<Document> read_toml(std::string_view text, std::string_view source);

}  // namespace fl::config
