// The media type of a body that came without one, guessed from its first bytes (WHATWG MIME Sniffing 7.1, in the form
// of Go's http.DetectContentType, which is what Traefik answers). Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace fl::proxy::middleware {

inline constexpr size_t kMostForGuess = 512;  // bytes that are looked at

// -> a literal; "application/octet-stream" when nothing fits
std::string_view guess_content_type(std::string_view begin);

}  // namespace fl::proxy::middleware
