// Which host names a rule cannot be true without: what the indexes of router tables are built on. Generic over the
// matcher type, as Program is. Pure.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "proxy/rules/program.h"

namespace fl::proxy::rules {

using Hosts = std::optional<std::vector<std::string>>;  // unset: some subject matches whatever its host is

// `demanded(step)` is the one host, or wildcard, that a step demands; nullopt when it is about something else or
// negated. `steps` are the matchers of `e`, in order; `next` is the first of them that is not used up.
template <class Step, class Demanded>
Hosts find_required_hosts(const Expression& e, const std::vector<Step>& steps, size_t& next, Demanded demanded) {
  if (e.kind == Expression::Kind::matcher) {
    std::optional<std::string> host = demanded(steps[next++]);
    if (!host) return std::nullopt;
    return std::vector{std::move(*host)};
  }
  Hosts found;
  bool every_operand = true;
  for (const Expression& operand : e.operands) {
    Hosts hosts = find_required_hosts(operand, steps, next, demanded);
    every_operand = every_operand && hosts.has_value();
    if (!hosts) continue;
    if (!found) {
      found = std::move(hosts);
    } else if (e.kind == Expression::Kind::any) {
      std::ranges::move(*hosts, std::back_inserter(*found));
    } else if (hosts->size() < found->size()) {
      found = std::move(hosts);  // both are needed: the shorter list says more
    }
  }
  if (e.kind == Expression::Kind::any && !every_operand) return std::nullopt;
  return found;
}

}  // namespace fl::proxy::rules
