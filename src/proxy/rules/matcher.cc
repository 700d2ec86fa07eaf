#include "proxy/rules/matcher.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/strings.h"
#include "proxy/rules/query.h"

namespace fl::proxy::rules {
namespace {

using Args = std::vector<std::string>;
using MatcherResult = Result<Matcher::Kind>;

// Calls `predicate(value)` for each field of that name until it answers true; says whether it did. Host is no field to
// a rule (Traefik: Go keeps it apart), and HTTP/2 has none.
template <class Predicate>
bool any_header_value(const http::HeaderMap& headers, http::HeaderId id, std::string_view name, Predicate predicate) {
  if (id == http::HeaderId::host) return false;
  for (const http::Field& field : headers) {
    if (field.id != id || (id == http::HeaderId::other && !iequals(field.name, name))) continue;
    if (predicate(field.value)) return true;
  }
  return false;
}

Result<Regex> compile_regex(std::string_view matcher, const std::string& pattern) {
  auto regex = Regex::compile(pattern);
  if (!regex)
    return tl::make_unexpected(std::move(regex).error().context(fmt::format("compiling {} matcher", matcher)));
  return regex;
}

Result<> check_ascii(std::string_view matcher, std::string_view value) {
  for (const char c : value)
    if (static_cast<unsigned char>(c) >= 0x80)
      return fail(Code::invalid, fmt::format("invalid value \"{}\" for {} matcher, non-ASCII characters are not allowed"
                                             " (write international names in their xn-- form)",
                                             value, matcher));
  return {};
}

Result<> check_slash(std::string_view path) {
  if (!path.starts_with('/')) return fail(Code::invalid, fmt::format("path \"{}\" does not start with a '/'", path));
  return {};
}

MatcherResult client_ip(const Args& args) {
  auto network = net::Cidr::parse(args[0]);
  if (!network)
    return tl::make_unexpected(std::move(network).error().context("initializing IP checker for ClientIP matcher"));
  return ClientIn{*network};
}

MatcherResult method(const Args& args) { return MethodIs{to_upper(args[0])}; }

MatcherResult host(const Args& args) {
  FL_TRY_VOID(check_ascii("Host", args[0]));
  std::string name = to_lower(args[0]);
  if (name.ends_with('.')) name.pop_back();
  if (name == "*") return AnyHost{};
  if (name.starts_with("*.")) return HostUnder{name.substr(1)};
  if (name.empty()) return fail(Code::invalid, fmt::format("invalid value \"{}\" for Host matcher", args[0]));
  return HostIs{std::move(name)};
}

MatcherResult host_regexp(const Args& args) {
  FL_TRY_VOID(check_ascii("HostRegexp", args[0]));
  FL_TRY(Regex regex, compile_regex("HostRegexp", args[0]));
  return HostMatches{std::move(regex)};
}

MatcherResult path(const Args& args) {
  FL_TRY_VOID(check_slash(args[0]));
  return PathIs{args[0]};
}

MatcherResult path_prefix(const Args& args) {
  FL_TRY_VOID(check_slash(args[0]));
  return PathStartsWith{args[0]};
}

MatcherResult path_regexp(const Args& args) {
  FL_TRY(Regex regex, compile_regex("PathRegexp", args[0]));
  return PathMatches{std::move(regex)};
}

MatcherResult header(const Args& args) { return HeaderIs{args[0], http::classify_header(args[0]), args[1]}; }

MatcherResult header_regexp(const Args& args) {
  FL_TRY(Regex regex, compile_regex("HeaderRegexp", args[1]));
  return HeaderMatches{args[0], http::classify_header(args[0]), std::move(regex)};
}

MatcherResult query(const Args& args) { return QueryIs{args[0], args.size() > 1 ? args[1] : std::string()}; }

MatcherResult query_regexp(const Args& args) {
  if (args.size() == 1) return QueryHas{args[0]};
  FL_TRY(Regex regex, compile_regex("QueryRegexp", args[1]));
  return QueryMatches{args[0], std::move(regex)};
}

using Build = MatcherResult (*)(const Args&);
constexpr std::array<std::pair<MatcherName, Build>, 11> kMatchers{{
    {{"Host", 1, 1}, host},
    {{"HostRegexp", 1, 1}, host_regexp},
    {{"Path", 1, 1}, path},
    {{"PathPrefix", 1, 1}, path_prefix},
    {{"PathRegexp", 1, 1}, path_regexp},
    {{"Header", 2, 2}, header},
    {{"HeaderRegexp", 2, 2}, header_regexp},
    {{"Method", 1, 1}, method},
    {{"Query", 1, 2}, query},
    {{"QueryRegexp", 1, 2}, query_regexp},
    {{"ClientIP", 1, 1}, client_ip},
}};
constexpr auto kNames = [] {
  std::array<MatcherName, kMatchers.size()> names{};
  for (size_t i = 0; i < names.size(); ++i) names[i] = kMatchers[i].first;
  return names;
}();

}  // namespace

std::span<const MatcherName> http_matchers() { return kNames; }

Result<Matcher> Matcher::build(const Expression& expression) {
  FL_TRY(Kind kind, kMatchers[expression.matcher].second(expression.args));
  return Matcher(std::move(kind));
}

bool HostUnder::matches(const RouteRequest& r) const {
  const auto is_under = [this](std::string_view name) {
    return name.size() > suffix.size() && name.ends_with(suffix) && name.find('.') == name.size() - suffix.size();
  };
  return is_under(r.host) || is_under(r.cname);
}

bool HeaderIs::matches(const RouteRequest& r) const {
  return any_header_value(r.headers, id, name, [this](std::string_view v) { return v == value; });
}

bool HeaderMatches::matches(const RouteRequest& r) const {
  return any_header_value(r.headers, id, name, [this](std::string_view v) { return regex.matches(v); });
}

bool QueryIs::matches(const RouteRequest& r) const {
  return any_query_value(r.query, key, [this](std::string_view v) { return decodes_to(v, value); });
}

bool QueryHas::matches(const RouteRequest& r) const {
  return any_query_value(r.query, key, [](std::string_view) { return true; });
}

bool QueryMatches::matches(const RouteRequest& r) const {
  return any_query_value(r.query, key, [this](std::string_view v) {
    if (v.find_first_of("%+") == v.npos) return regex.matches(v);
    char small[512];
    if (v.size() <= sizeof small) return regex.matches({small, decode_query(v, small)});
    std::string large(v.size(), '\0');
    large.resize(decode_query(v, large.data()));
    return regex.matches(large);
  });
}

}  // namespace fl::proxy::rules
