// Which of several matching routers wins: the higher priority. Pure. Source: Traefik, routers, priority.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "base/result.h"

namespace fl::proxy::rules {

// What is above belongs to the routers fairlead makes itself, such as entry point redirections.
inline constexpr int64_t kMaxUserPriority = std::numeric_limits<int64_t>::max() - 1000;

// The longer rule is the more special one. Bytes, not characters.
inline int64_t default_priority(std::string_view rule) { return static_cast<int64_t>(rule.size()); }

// The priority of a user's router: the configured one, or the rule's default when that is 0 (negative ones are
// allowed). Errors: above kMaxUserPriority.
Result<int64_t> user_priority(int64_t configured, std::string_view rule);

}  // namespace fl::proxy::rules
