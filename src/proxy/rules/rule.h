// One compiled HTTP rule. Immutable and shared: a snapshot keeps the rules of the one before it whose text is the
// same. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/rules/matcher.h"
#include "proxy/rules/program.h"

namespace fl::proxy::rules {

class Rule {
 public:
  // Errors: "parsing rule ...: " and the reason, see config::expression::parse() and Matcher::build().
  static Result<std::shared_ptr<const Rule>> compile(std::string_view text);

  bool matches(const RouteRequest& request) const { return program_.matches(request); }
  // The matcher that made the request fail, as written and with its `!`; empty when the rule matches.
  std::string failed_matcher(const RouteRequest& request) const;

  std::string_view text() const { return text_; }

  // Hosts of which a request must have one for the rule to match, lower case, "*.example.com" included; nullopt when
  // some request matches whatever its host is. The router table's index is built on it.
  const std::optional<std::vector<std::string>>& required_hosts() const { return required_hosts_; }
  // Each of required_hosts() is enough for the rule to match: nothing but Host() joined by ||, no wildcards.
  bool host_suffices() const { return host_suffices_; }
  // Every host a Host() that is not negated names, in the order of the rule, lower case; for certificates and TLS
  // options.
  std::vector<std::string> named_hosts() const;

 private:
  explicit Rule(std::string_view text) : text_(text) {}

  const std::string text_;
  Program<Matcher> program_;
  std::optional<std::vector<std::string>> required_hosts_;
  bool host_suffices_ = false;
};

}  // namespace fl::proxy::rules
