// Text to truth value or number, by Traefik's rules. Durations are in base/time.h, lists in base/strings.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fl::config {

// 1 t T TRUE true True 0 f F FALSE false False (Go: strconv.ParseBool).
std::optional<bool> parse_bool(std::string_view text);

// A decimal number. A plain YAML or TOML scalar may also be 0x1f, 0o17, 017, 0b11 and have _ between digits
// (go-yaml v3).
std::optional<int64_t> parse_integer(std::string_view text, bool is_plain = false);

// Decimal notation; no infinity, no NaN.
std::optional<double> parse_real(std::string_view text);

}  // namespace fl::config
