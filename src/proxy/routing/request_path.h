// From the target a client sent to the one form in which its path is decided on and forwarded, so that no rule can be
// passed by spelling a path another way. Text that is in that form already, as almost all is, stays where it is;
// otherwise the new text is put into the request's arena. Pure. Source: Traefik, order of work on a request, steps 2-5
// and 9, and "routing path"; RFC 3986 6.2.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "base/arena.h"
#include "config/encoded_characters.h"

namespace fl::proxy::routing {

// Which percent-encoded characters a path may have; a path with another one is refused.
struct EncodedCharacters {
  bool slash = true;
  bool back_slash = true;
  bool null_character = true;
  bool semicolon = true;
  bool percent = true;
  bool question_mark = true;
  bool hash = true;
};
template <bool allowed>
EncodedCharacters allowed_by(const config::EncodedCharacters<allowed>& options) {
  return {.slash = options.allow_encoded_slash,
          .back_slash = options.allow_encoded_back_slash,
          .null_character = options.allow_encoded_null_character,
          .semicolon = options.allow_encoded_semicolon,
          .percent = options.allow_encoded_percent,
          .question_mark = options.allow_encoded_question_mark,
          .hash = options.allow_encoded_hash};
}

enum class PathError : uint8_t {
  malformed,          // no leading '/', a bad escape, or a byte that has no place in a path (such as '#')
  encoded_character,  // one that EncodedCharacters forbids
  ambiguous,          // some server would read it as another path, see make_request_path()
};
std::string_view describe(PathError error);

struct RequestPath {
  std::string_view forwarded;  // escapes of unreserved characters decoded, others upper case
  std::string_view routing;    // besides, all escapes decoded but those of : / ? # [ ] @ ! $ & ' ( ) * + , ; = %
};

// `path` begins with '/', has no query and outlives the result; "*" (of OPTIONS) stays as it is.
//
// With `sanitize`, "." and ".." segments are resolved and repeated slashes collapsed; a trailing slash stays. What
// would become such a segment or a leading slash only for a server that takes "\", "%2F" or "%5C" for a slash, cuts
// ";parameters" off segments, or decodes twice, cannot be resolved for all of them and is refused as ambiguous:
// "/x/..;/y", "/x%2F..%2Fy", "/x\..\y", "/%252e%252e/y", "/%2Fy".
tl::expected<RequestPath, PathError> make_request_path(std::string_view path, bool sanitize,
                                                       const EncodedCharacters& allowed, Arena& arena);

// The routing form of a path in the forwarded form.
std::string_view make_routing_path(std::string_view forwarded, Arena& arena);

// How many bytes of `forwarded` the first `size` bytes of its routing form were made of; nullopt when they end within
// an escape.
std::optional<size_t> forwarded_size(std::string_view forwarded, size_t size);

// True when sanitizing changes nothing: what middlewares ask after they have cut a prefix off a path.
bool is_sanitized(std::string_view path);

// Whether `path` has only encoded characters that are allowed. Its escapes are well-formed.
bool has_only_allowed(std::string_view path, const EncodedCharacters& allowed);

// The query with ';' as '&', or as "%3B" when `encode` is set, so that everybody splits it alike.
std::string_view make_query(std::string_view query, bool encode_semicolons, Arena& arena);

// The form in which hosts are compared: lower case, without port, brackets and one trailing dot. `authority` is
// uri-host [":" port], checked by the HTTP codec.
std::string_view canonical_host(std::string_view authority, Arena& arena);

// Its port, or empty.
std::string_view port_of(std::string_view authority);

}  // namespace fl::proxy::routing
