#include "proxy/middleware/digest_credentials.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "http/grammar.h"

namespace fl::proxy::middleware {

std::optional<DigestCredentials> parse_digest_credentials(std::string_view value) {
  constexpr std::string_view kScheme = "Digest ";
  constexpr std::pair<std::string_view, std::string DigestCredentials::*> kNames[] = {
      {"username", &DigestCredentials::username}, {"realm", &DigestCredentials::realm},
      {"nonce", &DigestCredentials::nonce},       {"uri", &DigestCredentials::uri},
      {"response", &DigestCredentials::response}, {"algorithm", &DigestCredentials::algorithm},
      {"qop", &DigestCredentials::qop},           {"nc", &DigestCredentials::nc},
      {"cnonce", &DigestCredentials::cnonce},     {"opaque", &DigestCredentials::opaque},
  };
  if (!iequals(value.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  std::string_view rest = trim(value.substr(kScheme.size()), " \t");
  DigestCredentials out;
  while (!rest.empty()) {
    const size_t equals = rest.find('=');
    if (equals == rest.npos) return std::nullopt;
    const std::string_view name = trim(rest.substr(0, equals), " \t");
    if (!http::is_token(name)) return std::nullopt;
    rest.remove_prefix(equals + 1);
    std::string text;
    if (rest.starts_with('"')) {
      size_t i = 1;
      for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && ++i == rest.size()) return std::nullopt;
        text += rest[i];
      }
      if (i >= rest.size()) return std::nullopt;
      rest.remove_prefix(i + 1);
    } else {
      const size_t end = std::min(rest.find_first_of(", \t"), rest.size());
      text = rest.substr(0, end);
      rest.remove_prefix(end);
    }
    for (const auto& [known, member] : kNames)
      if (iequals(name, known)) out.*member = text;
    rest = trim(rest, " \t");
    if (rest.empty()) break;
    if (!rest.starts_with(',')) return std::nullopt;
    rest = trim(rest.substr(1), " \t");
  }
  return out;
}

}  // namespace fl::proxy::middleware
