// Paths that do not come from a client: written in the configuration or made by a replacement. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/arena.h"

namespace fl::proxy::middleware {

// `text` in the form in which paths are forwarded: it begins with '/', and what may not stand in a path, '?' included,
// is percent-encoded. The result lives in `arena` or is `text`. nullopt: an escape is broken.
std::optional<std::string_view> make_forwardable_path(std::string_view text, Arena& arena);

// The field in which the server is told the path that another one stands for.
inline constexpr std::string_view kReplacedPath = "X-Replaced-Path";

}  // namespace fl::proxy::middleware
