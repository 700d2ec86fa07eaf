#include "proxy/build/server_address.h"

#include <fmt/format.h>

namespace fl::proxy {

Result<config::Address> parse_server_address(std::string_view text) {
  const auto bad = [text](std::string_view why) {
    return fail(Code::invalid, fmt::format("error parsing server address {}: {} (example: 10.0.0.5:5432)", text, why));
  };
  if (text.find('/') != text.npos) return bad("a server has an address, no URL");
  auto address = config::parse_address(text);
  if (!address) return bad(address.error().message);
  if (address->host.empty()) return bad("no host");
  if (address->port == 0) return bad("the port must be 1 to 65535");
  return address;
}

}  // namespace fl::proxy
