#include "tls/openssl/session.h"

#include "base/strings.h"

namespace fl::tls::openssl {

std::string server_name(const SSL* session) {
  const char* name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return {};
  std::string out = to_lower(name);
  if (!out.empty() && out.back() == '.') out.pop_back();
  return out;
}

}  // namespace fl::tls::openssl
