// YAML (and so JSON) text -> Value tree. libyaml finds the tokens; here anchors and merge keys are resolved within a
// bound, duplicate keys refused, and each node keeps its line. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/value.h"

namespace fl::config {

// `source` names the text in messages. An empty text is an empty group. Errors, each with source:line:column: not YAML,
// a key given twice, an anchor that is unknown or contains itself, a tag other than the core ones, several documents,
// more than 64 MiB, deeper than 100, more than a million nodes once aliases are expanded.
Result<Document> read_yaml(std::string_view text, std::string_view source);

}  // namespace fl::config
