// Which TLS options a server name gets, as the HTTPS routers of one entry point ask for their hosts. Immutable, part of
// a snapshot; any thread. Source: Traefik, TLS options of routers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/routing/host_index.h"

namespace fl::proxy {

class TlsHosts {
 public:
  static constexpr std::string_view kDefault = "default";

  TlsHosts() = default;
  // Hosts, "*.example.com" among them, each once, with the name of their options. `any_host`: some router names none.
  TlsHosts(const std::vector<std::pair<std::string, std::string>>& hosts, bool any_host);

  // The options of a name that a router asks for; null when none does. Lower case, no trailing dot.
  const std::string* find(std::string_view name) const;
  // The same, or the default options.
  std::string_view options_of(std::string_view name) const {
    const std::string* found = find(name);
    return found != nullptr ? std::string_view(*found) : kDefault;
  }

  bool any_host() const { return any_host_; }
  bool empty() const { return options_.empty() && !any_host_; }
  // Names differ in their options: a request must not come over a connection made for another name's.
  bool differ() const { return differ_; }

 private:
  std::vector<std::string> options_;  // distinct names
  routing::HostIndex exact_;          // to positions in options_
  routing::HostIndex wildcard_;       // by ".suffix"
  bool any_host_ = false;
  bool differ_ = false;
};

}  // namespace fl::proxy
