// Dates as cluster queries write them. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fl::control::schedule {

// Seconds since 1970 of 2018-06-18, 2018-06-18T22:28, 2018-06-18T22:28:28, the last with Z or +01:00 behind it; without
// a zone it is UTC. nullopt for anything else. Source: ECS developer guide, "Cluster query language", registeredAt.
std::optional<int64_t> parse_query_date(std::string_view text);

}  // namespace fl::control::schedule
