// Times as AWS writes them in XML and in credentials: ISO 8601 in UTC. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fl::aws {

// "2026-11-21T07:44:00Z", "2026-11-21T07:44:00.123Z" or with an offset, "...+00:00" (credential helpers write it).
// Errors: anything else, impossible dates included.
Result<WallTime> parse_iso8601(std::string_view text);
// "20261121T074400Z", the form that signatures have.
Result<WallTime> parse_iso8601_basic(std::string_view text);

}  // namespace fl::aws
