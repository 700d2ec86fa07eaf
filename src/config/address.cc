#include "config/address.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace fl::config {

std::string Address::to_text() const {
  const bool is_v6 = host.find(':') != host.npos;
  return fmt::format("{}{}{}:{}{}", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port,
                     protocol == Protocol::udp ? "/udp" : "");
}

Result<Address> parse_address(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(
        Code::invalid,
        fmt::format("\"{}\": {}; an address is [host]:port[/tcp|/udp], such as :80 or [::1]:53/udp", text, why));
  };
  Address address;
  std::string_view rest = text;
  if (const size_t slash = rest.find('/'); slash != rest.npos) {
    const std::string_view protocol = rest.substr(slash + 1);
    if (!iequals(protocol, "tcp") && !iequals(protocol, "udp")) return bad("the protocol is tcp or udp");
    if (iequals(protocol, "udp")) address.protocol = Address::Protocol::udp;
    rest = rest.substr(0, slash);
  }
  const size_t colon = rest.rfind(':');
  if (colon == rest.npos) return bad("it has no port");
  const auto port = parse_uint(rest.substr(colon + 1));
  if (!port || *port > 65535) return bad("the port is a number up to 65535");
  address.port = static_cast<uint16_t>(*port);

  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 4) return bad("the bracket has no end");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return bad("an IPv6 address stands in brackets");
  }
  if (host.find_first_of("[] \t") != host.npos) return bad("the host is not a name or address");
  address.host = host;
  return address;
}

}  // namespace fl::config
