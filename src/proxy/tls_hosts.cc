#include "proxy/tls_hosts.h"

#include <algorithm>

#include "proxy/routing/first_match.h"

namespace fl::proxy {

TlsHosts::TlsHosts(const std::vector<std::pair<std::string, std::string>>& hosts, bool any_host) : any_host_(any_host) {
  std::vector<std::pair<std::string_view, uint32_t>> exact, wildcard;
  for (const auto& [host, options] : hosts) {
    const auto known = std::ranges::find(options_, options);
    const auto position = static_cast<uint32_t>(known - options_.begin());
    if (known == options_.end()) options_.push_back(options);
    differ_ = differ_ || options != kDefault;
    if (host.starts_with('*'))
      wildcard.emplace_back(std::string_view(host).substr(1), position);
    else
      exact.emplace_back(host, position);
  }
  exact_ = routing::HostIndex(std::move(exact));
  wildcard_ = routing::HostIndex(std::move(wildcard));
}

const std::string* TlsHosts::find(std::string_view name) const {
  auto found = exact_.find(name);
  if (found.empty()) found = wildcard_.find(routing::parent_domain(name));
  return found.empty() ? nullptr : &options_[found.front()];
}

}  // namespace fl::proxy
