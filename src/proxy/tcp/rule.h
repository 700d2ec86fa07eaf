// One compiled TCP rule, over what is known of a connection before its service is chosen. Immutable; any thread.
// Source: Traefik, rule syntax v3, TCP matchers.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/regex.h"
#include "base/result.h"
#include "net/address.h"
#include "proxy/rules/program.h"

namespace fl::proxy::tcp {

// What routing looks at.
struct ConnectionFacts {
  std::string_view server_name;       // SNI: lower case, no trailing dot; empty without TLS or without SNI
  std::span<const std::string> alpn;  // what the client offers
  net::IpAddress client;              // the TCP peer, after PROXY protocol
};

struct AnyServerName {
  bool matches(const ConnectionFacts&) const { return true; }
};
struct ServerNameIs {
  std::string name;
  bool matches(const ConnectionFacts& c) const { return c.server_name == name; }
};
// HostSNI(`*.example.com`): exactly one label more.
struct ServerNameUnder {
  std::string suffix;  // ".example.com"
  bool matches(const ConnectionFacts& c) const;
};
struct ServerNameMatches {
  Regex regex;
  bool matches(const ConnectionFacts& c) const { return regex.matches(c.server_name); }
};
struct OffersProtocol {
  std::string protocol;
  bool matches(const ConnectionFacts& c) const;
};
struct ClientIn {
  net::Cidr network;
  bool matches(const ConnectionFacts& c) const { return network.contains(c.client); }
};

class Matcher {
 public:
  using Kind = std::variant<AnyServerName, ServerNameIs, ServerNameUnder, ServerNameMatches, OffersProtocol, ClientIn>;

  // Errors: Traefik's texts.
  static Result<Matcher> build(const rules::Expression& expression);

  bool matches(const ConnectionFacts& facts) const {
    return std::visit([&facts](const auto& kind) { return kind.matches(facts); }, kind_);
  }
  const Kind& kind() const { return kind_; }

 private:
  explicit Matcher(Kind kind) : kind_(std::move(kind)) {}
  Kind kind_;
};

class Rule {
 public:
  // Errors: "invalid rule: ..." and the reason.
  static Result<std::shared_ptr<const Rule>> compile(std::string_view text);

  bool matches(const ConnectionFacts& facts) const { return program_.matches(facts); }
  // The matcher that made the connection fail, as written and with its `!`; empty when the rule matches.
  std::string failed_matcher(const ConnectionFacts& facts) const;

  std::string_view text() const { return text_; }
  // The rule is HostSNI(`*`) and nothing else: what is asked last, of all priorities and of HTTPS routers too.
  bool is_catch_all() const;
  // Names a server, so that it can only be true for TLS.
  bool names_server() const;
  // The configured priority, or the default one: the rule's length, -1 for a catch-all.
  int64_t priority(int64_t configured) const;

  // As rules::Rule has them.
  const std::optional<std::vector<std::string>>& required_hosts() const { return required_hosts_; }

 private:
  explicit Rule(std::string_view text) : text_(text) {}

  const std::string text_;
  rules::Program<Matcher> program_;
  std::optional<std::vector<std::string>> required_hosts_;
};

}  // namespace fl::proxy::tcp
