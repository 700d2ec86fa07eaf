// Any bytes: what was read is read again the same when it is written in the one normal form.
#include <cstdlib>

#include "proxy/middleware/digest_credentials.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::proxy::middleware;
  const auto read = parse_digest_credentials({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  std::string text = "Digest ";
  const auto put = [&text](std::string_view name, const std::string& value) {
    text.append(text.ends_with(' ') ? "" : ",").append(name).append("=\"");
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  };
  put("username", read->username);
  put("realm", read->realm);
  put("nonce", read->nonce);
  put("uri", read->uri);
  put("response", read->response);
  put("algorithm", read->algorithm);
  put("qop", read->qop);
  put("nc", read->nc);
  put("cnonce", read->cnonce);
  put("opaque", read->opaque);
  if (parse_digest_credentials(text) != read) std::abort();
  return 0;
}
