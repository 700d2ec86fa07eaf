#include "proxy/rules/rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "proxy/rules/required_hosts.h"

namespace fl::proxy::rules {
namespace {

// The one host, or wildcard, that a step demands; nullopt when it is about something else or negated.
std::optional<std::string> demanded_host(const Program<Matcher>::Step& step) {
  if (step.negated) return std::nullopt;
  if (const auto* exact = std::get_if<HostIs>(&step.matcher.kind())) return exact->host;
  if (const auto* wildcard = std::get_if<HostUnder>(&step.matcher.kind())) return "*" + wildcard->suffix;
  return std::nullopt;
}

// An && leaves at least one of its operands' hosts out, a matcher of something else has none: only where all is || does
// every step count.
bool is_any_of(const std::vector<std::string>& hosts, size_t steps) {
  return hosts.size() == steps && std::ranges::none_of(hosts, [](const auto& h) { return h.starts_with('*'); });
}

}  // namespace

Result<std::shared_ptr<const Rule>> Rule::compile(std::string_view text) {
  const auto in_rule = [text](Error&& error) {
    return tl::make_unexpected(std::move(error).context(fmt::format("parsing rule {}", text)));
  };
  auto expression = config::expression::parse(text, http_matchers());
  if (!expression) return in_rule(std::move(expression).error());
  auto program = Program<Matcher>::compile(*expression, Matcher::build);
  if (!program) return in_rule(std::move(program).error());

  const std::shared_ptr<Rule> rule(new Rule(text));
  rule->program_ = *std::move(program);
  size_t next = 0;
  rule->required_hosts_ = find_required_hosts(*expression, rule->program_.steps(), next, demanded_host);
  rule->host_suffices_ = rule->required_hosts_ && is_any_of(*rule->required_hosts_, rule->program_.steps().size());
  return rule;
}

std::string Rule::failed_matcher(const RouteRequest& request) const {
  const auto [matched, step] = program_.run(request);
  if (matched) return {};
  return (step->negated ? "!" : "") + text_.substr(step->begin, step->end - step->begin);
}

std::vector<std::string> Rule::named_hosts() const {
  std::vector<std::string> hosts;
  for (const auto& step : program_.steps())
    if (auto host = demanded_host(step); host && std::ranges::find(hosts, *host) == hosts.end())
      hosts.push_back(std::move(*host));
  return hosts;
}

}  // namespace fl::proxy::rules
