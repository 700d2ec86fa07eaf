#include "proxy/tcp/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"
#include "proxy/rules/priority.h"
#include "proxy/rules/required_hosts.h"

namespace fl::proxy::tcp {
namespace {

using config::expression::MatcherName;
using rules::Expression;
using Args = std::vector<std::string>;
using MatcherResult = Result<Matcher::Kind>;
using Step = rules::Program<Matcher>::Step;

constexpr std::string_view kAcmeTls = "acme-tls/1";

MatcherResult host_sni(const Args& args) {
  std::string name = to_lower(args[0]);
  if (name == "*") return AnyServerName{};
  if (name.ends_with('.')) name.pop_back();
  const bool wildcard = name.starts_with("*.");
  const std::string_view labels = std::string_view(name).substr(wildcard ? 2 : 0);
  const auto is_allowed = [](char c) {
    return is_alnum(c) || std::string_view("_.-:").find(c) != std::string_view::npos;
  };
  if (labels.empty() || !std::ranges::all_of(labels, is_allowed))
    return fail(Code::invalid, fmt::format("invalid value for HostSNI matcher, \"{}\" is not a valid hostname (write "
                                           "international names in their xn-- form)",
                                           args[0]));
  if (wildcard) return ServerNameUnder{name.substr(1)};
  return ServerNameIs{std::move(name)};
}

MatcherResult host_sni_regexp(const Args& args) {
  if (!std::ranges::all_of(args[0], [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return fail(Code::invalid,
                fmt::format("invalid value for HostSNIRegexp matcher, \"{}\" is not a valid hostname", args[0]));
  auto regex = Regex::compile(args[0]);
  if (!regex) return tl::make_unexpected(std::move(regex).error().context("compiling HostSNIRegexp matcher"));
  return ServerNameMatches{*std::move(regex)};
}

MatcherResult client_ip(const Args& args) {
  auto network = net::Cidr::parse(args[0]);
  if (!network)
    return tl::make_unexpected(std::move(network).error().context("initializing IP checker for ClientIP matcher"));
  return ClientIn{*network};
}

MatcherResult alpn(const Args& args) {
  if (args[0] == kAcmeTls)
    return fail(Code::invalid, fmt::format("invalid protocol value for ALPN matcher, \"{}\" is not allowed", kAcmeTls));
  return OffersProtocol{args[0]};
}

using Build = MatcherResult (*)(const Args&);
constexpr std::array<std::pair<MatcherName, Build>, 4> kMatchers{{
    {{"HostSNI", 1, 1}, host_sni},
    {{"HostSNIRegexp", 1, 1}, host_sni_regexp},
    {{"ClientIP", 1, 1}, client_ip},
    {{"ALPN", 1, 1}, alpn},
}};
constexpr auto kNames = [] {
  std::array<MatcherName, kMatchers.size()> names{};
  for (size_t i = 0; i < names.size(); ++i) names[i] = kMatchers[i].first;
  return names;
}();

std::optional<std::string> demanded_name(const Step& step) {
  if (step.negated) return std::nullopt;
  if (const auto* exact = std::get_if<ServerNameIs>(&step.matcher.kind())) return exact->name;
  if (const auto* wildcard = std::get_if<ServerNameUnder>(&step.matcher.kind())) return "*" + wildcard->suffix;
  return std::nullopt;
}

}  // namespace

bool ServerNameUnder::matches(const ConnectionFacts& c) const {
  const std::string_view name = c.server_name;
  return name.size() > suffix.size() && name.ends_with(suffix) && name.find('.') == name.size() - suffix.size();
}

bool OffersProtocol::matches(const ConnectionFacts& c) const {
  return std::ranges::find(c.alpn, protocol) != c.alpn.end();
}

Result<Matcher> Matcher::build(const Expression& expression) {
  FL_TRY(Kind kind, kMatchers[expression.matcher].second(expression.args));
  return Matcher(std::move(kind));
}

Result<std::shared_ptr<const Rule>> Rule::compile(std::string_view text) {
  const auto in_rule = [text](Error&& error) {
    return tl::make_unexpected(std::move(error).context(fmt::format("parsing rule {}", text)));
  };
  auto expression = config::expression::parse(text, kNames);
  if (!expression) return in_rule(std::move(expression).error());
  auto program = rules::Program<Matcher>::compile(*expression, Matcher::build);
  if (!program) return in_rule(std::move(program).error());
  const std::shared_ptr<Rule> rule(new Rule(text));
  rule->program_ = *std::move(program);
  size_t next = 0;
  rule->required_hosts_ = rules::find_required_hosts(*expression, rule->program_.steps(), next, demanded_name);
  return rule;
}

std::string Rule::failed_matcher(const ConnectionFacts& facts) const {
  const auto [matched, step] = program_.run(facts);
  if (matched) return {};
  return (step->negated ? "!" : "") + text_.substr(step->begin, step->end - step->begin);
}

bool Rule::is_catch_all() const {
  const auto& steps = program_.steps();
  return steps.size() == 1 && !steps[0].negated && std::holds_alternative<AnyServerName>(steps[0].matcher.kind());
}

bool Rule::names_server() const {
  return std::ranges::any_of(program_.steps(), [](const Step& step) {
    return std::holds_alternative<ServerNameIs>(step.matcher.kind()) ||
           std::holds_alternative<ServerNameUnder>(step.matcher.kind());
  });
}

int64_t Rule::priority(int64_t configured) const {
  if (configured != 0) return configured;
  return is_catch_all() ? -1 : rules::default_priority(text_);
}

}  // namespace fl::proxy::tcp
