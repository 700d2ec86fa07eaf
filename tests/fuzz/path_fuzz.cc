// Request targets of any kind: the first line is a path, the rest an authority. An accepted path is in the one normal
// form: normalising it again changes nothing, and no server can find a dot segment in it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"
#include "proxy/routing/request_path.h"

namespace {

// Decodes every escape once and takes "\" for "/", as some servers do.
std::string decode_generously(std::string_view path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      FL_CHECK(i + 2 < path.size());
      c = static_cast<char>(fl::hex_value(path[i + 1]) << 4 | fl::hex_value(path[i + 2]));
      i += 2;
    }
    out += c == '\\' ? '/' : c;
  }
  return out;
}

void check_unambiguous(std::string_view path) {
  const std::string decoded = decode_generously(path);
  if (decoded == "/") return;
  FL_CHECK(!decoded.starts_with("//"));
  for (const std::string_view segment : fl::split(decoded, '/')) {
    const std::string_view name = segment.substr(0, segment.find(';'));
    FL_CHECK(name != "." && name != "..");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::proxy::routing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const std::string_view path = text.substr(0, line);
  for (const bool sanitize : {true, false}) {
    fl::Arena arena;
    const auto first = make_request_path(path, sanitize, {}, arena);
    if (!first) continue;
    const auto second = make_request_path(first->forwarded, sanitize, {}, arena);
    FL_CHECK(second && second->forwarded == first->forwarded && second->routing == first->routing);
    if (sanitize && path != "*") {
      FL_CHECK(is_sanitized(first->forwarded));
      check_unambiguous(first->forwarded);
    }
    (void)has_only_allowed(first->forwarded, {false, false, false, false, false, false, false});
  }
  fl::Arena arena;
  (void)is_sanitized(path);
  (void)make_query(path, true, arena);
  if (line != text.npos) {
    const std::string_view host = canonical_host(text.substr(line + 1), arena);
    for (const char c : host) FL_CHECK(c == fl::ascii_lower(c));
  }
  return 0;
}
