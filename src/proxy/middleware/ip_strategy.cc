#include "proxy/middleware/ip_strategy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace fl::proxy::middleware {
namespace {

// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]", "[::1]:80"
std::optional<net::IpAddress> parse_node(std::string_view text) {
  if (text.starts_with('[')) {
    text = text.substr(1, text.find(']') - 1);
  } else if (const size_t colon = text.find(':'); colon != text.npos && colon == text.rfind(':')) {
    text = text.substr(0, colon);
  }
  const auto ip = net::IpAddress::parse(text);
  return ip ? std::optional(*ip) : std::nullopt;
}

// The first item of X-Forwarded-For, from the right, for which is_wanted(item) is true.
template <class F>
std::string_view find_forwarded_for(const http::HeaderMap& headers, F is_wanted) {
  for (auto field = headers.end(); field != headers.begin();) {
    --field;
    if (field->id != http::HeaderId::x_forwarded_for) continue;
    for (std::string_view list = field->value;;) {
      const size_t comma = list.rfind(',');
      const std::string_view item = trim(comma == list.npos ? list : list.substr(comma + 1));
      if (is_wanted(item)) return item;
      if (comma == list.npos) break;
      list = list.substr(0, comma);
    }
  }
  return {};
}

net::IpAddress subnet(const net::IpAddress& ip, int prefix) {
  if (ip.is_v4() || prefix == 128) return ip;
  auto bytes = ip.bytes();
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(prefix - 8 * i, 0, 8);
    bytes[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return net::IpAddress::v6(bytes);
}

}  // namespace

Result<IpStrategy> IpStrategy::make(const std::optional<config::dynamic::IpStrategy>& options) {
  IpStrategy out;
  if (!options) return out;
  if (options->ipv6_subnet) {
    if (*options->ipv6_subnet <= 0 || *options->ipv6_subnet > 128)
      return fail(Code::invalid, fmt::format("invalid IPv6 subnet {} value, should be greater to 0 and lower or equal "
                                             "to 128",
                                             *options->ipv6_subnet));
    out.ipv6_prefix_ = static_cast<int>(*options->ipv6_subnet);
  }
  if (options->depth > 0) {
    out.depth_ = options->depth;
    return out;
  }
  for (const std::string& text : options->excluded_ips) {
    FL_TRY(net::Cidr network, net::Cidr::parse(text));
    out.excluded_.push_back(network);
  }
  return out;
}

std::optional<net::IpAddress> IpStrategy::client_of(const http::Exchange& x) const {
  if (depth_ == 0 && excluded_.empty()) return subnet(x.connection().peer.ip, ipv6_prefix_);
  int64_t left = depth_;
  const auto is_client = [&](std::string_view item) {
    if (depth_ > 0) return --left == 0;
    const auto ip = parse_node(item);
    return !item.empty() && !(ip && std::ranges::any_of(excluded_, [&](const auto& c) { return c.contains(*ip); }));
  };
  const auto ip = parse_node(find_forwarded_for(x.request.headers, is_client));
  return ip ? std::optional(subnet(*ip, ipv6_prefix_)) : std::nullopt;
}

}  // namespace fl::proxy::middleware
