// The HTTP matchers, each a small value that answers for one request. They are alternatives of one variant, so a rule
// holds them side by side and no call is virtual. Immutable; any thread. Source: Traefik, rule syntax v3.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/regex.h"
#include "base/result.h"
#include "config/expression/parser.h"
#include "http/header_map.h"
#include "net/address.h"

namespace fl::proxy::rules {

using config::expression::Expression;
using config::expression::MatcherName;

// What routing looks at: views into a request, made once for all rules.
struct RouteRequest {
  std::string_view host;   // canonical: lower case, no port, no brackets, no trailing dot; may be empty (HTTP/1.0)
  std::string_view cname;  // what the host is an alias of, same form; empty when not asked for
  std::string_view path;   // routing path, see routing/request_path.h
  std::string_view method;
  std::string_view query;  // as sent, without '?'
  const http::HeaderMap& headers;
  net::IpAddress client;  // the TCP peer
};

struct AnyHost {
  bool matches(const RouteRequest& r) const { return !r.host.empty(); }
};
struct HostIs {
  std::string host;
  bool matches(const RouteRequest& r) const { return r.host == host || r.cname == host; }
};
// Host(`*.example.com`): exactly one label more.
struct HostUnder {
  std::string suffix;  // ".example.com"
  bool matches(const RouteRequest& r) const;
};
struct HostMatches {
  Regex regex;
  bool matches(const RouteRequest& r) const {
    return regex.matches(r.host) || (!r.cname.empty() && regex.matches(r.cname));
  }
};
struct PathIs {
  std::string path;
  bool matches(const RouteRequest& r) const { return r.path == path; }
};
struct PathStartsWith {
  std::string prefix;
  bool matches(const RouteRequest& r) const { return r.path.starts_with(prefix); }
};
struct PathMatches {
  Regex regex;
  bool matches(const RouteRequest& r) const { return regex.matches(r.path); }
};
struct MethodIs {
  std::string method;
  bool matches(const RouteRequest& r) const { return r.method == method; }
};
struct HeaderIs {
  std::string name;
  http::HeaderId id;  // `other` when the name is none of ours
  std::string value;
  bool matches(const RouteRequest& r) const;
};
struct HeaderMatches {
  std::string name;
  http::HeaderId id;
  Regex regex;
  bool matches(const RouteRequest& r) const;
};
struct QueryIs {
  std::string key, value;
  bool matches(const RouteRequest& r) const;
};
struct QueryHas {
  std::string key;
  bool matches(const RouteRequest& r) const;
};
struct QueryMatches {
  std::string key;
  Regex regex;
  bool matches(const RouteRequest& r) const;
};
struct ClientIn {
  net::Cidr network;
  bool matches(const RouteRequest& r) const { return network.contains(r.client); }
};

class Matcher {
 public:
  using Kind = std::variant<AnyHost, HostIs, HostUnder, HostMatches, PathIs, PathStartsWith, PathMatches, MethodIs,
                            HeaderIs, HeaderMatches, QueryIs, QueryHas, QueryMatches, ClientIn>;

  // `expression` was parsed with http_matchers(). Errors: Traefik's texts.
  static Result<Matcher> build(const Expression& expression);

  bool matches(const RouteRequest& request) const {
    return std::visit([&request](const auto& kind) { return kind.matches(request); }, kind_);
  }
  const Kind& kind() const { return kind_; }

 private:
  explicit Matcher(Kind kind) : kind_(std::move(kind)) {}
  Kind kind_;
};

// The table for config::expression::parse().
std::span<const MatcherName> http_matchers();

}  // namespace fl::proxy::rules
