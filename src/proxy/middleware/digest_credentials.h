// What a client answers to a Digest challenge (RFC 7616 3.4). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fl::proxy::middleware {

struct DigestCredentials {
  std::string username, realm, nonce, uri, response, algorithm = "MD5", qop, nc, cnonce, opaque;
  bool operator==(const DigestCredentials&) const = default;
};

// The value of Authorization: "Digest", then name=token or name="quoted string", joined by commas (RFC 9110 11.4); of
// a name that comes twice the last counts. nullopt: it is not that.
std::optional<DigestCredentials> parse_digest_credentials(std::string_view value);

}  // namespace fl::proxy::middleware
