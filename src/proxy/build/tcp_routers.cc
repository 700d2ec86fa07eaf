#include "proxy/build/tcp_routers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "config/dynamic/kinds.h"
#include "config/merge.h"
#include "proxy/rules/priority.h"
#include "proxy/tcp/middleware.h"

namespace fl::proxy {
namespace {

namespace dynamic = config::dynamic;

// Traefik: a name may not be asked for where there is none.
Result<> check_rule(const tcp::Rule& rule, const dynamic::TcpRouter& options) {
  if (options.tls || !rule.names_server()) return {};
  return fail(Code::invalid,
              fmt::format("invalid rule: \"{}\" , has HostSNI matcher, but no TLS on router", options.rule));
}

}  // namespace

void TcpRouterBuilder::build_all() {
  check_middlewares();
  for (const auto& [name, options] : configuration_.tcp.routers)
    if (const auto ok = build(name, options); !ok) report_.tcp.routers[name].disable(ok.error().message);
}

// Each is made once and thrown away, so that also unused ones show what is wrong with them.
void TcpRouterBuilder::check_middlewares() {
  for (const auto& [name, options] : configuration_.tcp.middlewares) {
    MiddlewareReport& report = report_.tcp.middlewares[name];
    const auto type = dynamic::kind_of(options);
    if (!type) {
      report.disable("the middleware " + type.error().message);
      continue;
    }
    report.type = to_lower(*type);
    if (const auto made = tcp::make_middleware(options, nullptr); !made) report.disable(made.error().message);
  }
}

Result<std::vector<dynamic::TcpMiddleware>> TcpRouterBuilder::middlewares(const std::vector<std::string>& names) const {
  std::vector<dynamic::TcpMiddleware> out;
  for (const std::string& name : names) {
    const auto report = report_.tcp.middlewares.find(name);
    if (report == report_.tcp.middlewares.end())
      return fail(Code::not_found, fmt::format("middleware \"{}\" does not exist", name));
    if (report->second.status == Status::disabled)
      return fail(Code::invalid, fmt::format("middleware \"{}\" is disabled: {}", name, report->second.errors.front()));
    out.push_back(configuration_.tcp.middlewares.find(name)->second);
  }
  return out;
}

Result<> TcpRouterBuilder::build(const std::string& name, const dynamic::TcpRouter& options) {
  RouterReport& report = report_.tcp.routers[name];
  report.priority = options.priority;
  FL_TRY_VOID(find_entry_points(options.entry_points, inputs_.entry_points, report));
  if (options.rule_syntax == "v2")
    return fail(Code::invalid, "ruleSyntax v2 is not supported: write the rule in the v3 syntax");
  if (options.service.empty()) return fail(Code::invalid, "the service is missing on the router");
  if (options.rule.empty()) return fail(Code::invalid, "router has no rule");

  const auto found = before_.find(name);
  const BuiltTcpRouter* before = found == before_.end() ? nullptr : &found->second;
  auto router = std::make_shared<tcp::Router>();
  if (before != nullptr && before->router->rule->text() == options.rule) {
    router->rule = before->router->rule;
  } else {
    FL_TRY(router->rule, tcp::Rule::compile(options.rule));
  }
  report.priority = router->priority = router->rule->priority(options.priority);
  FL_TRY_VOID(rules::user_priority(options.priority, options.rule).map([](int64_t) {}));
  FL_TRY_VOID(check_rule(*router->rule, options));

  BuiltTcpRouter built{.configuration = options, .middlewares = {}, .service = nullptr, .router = nullptr};
  FL_TRY(built.middlewares, middlewares(options.middlewares));
  FL_TRY(built.service, services_.get(options.service));
  router->name = name;
  router->service = options.service;
  if (options.tls) {
    router->tls = options.tls->passthrough ? tcp::TlsMode::passthrough : tcp::TlsMode::terminate;
    router->tls_options = options.tls->options.empty() ? "default" : options.tls->options;
    if (!options.tls->cert_resolver.empty())
      report.warn(fmt::format("the router uses a nonexistent certificate resolver: {}", options.tls->cert_resolver));
  }
  // It stays in its table, so that its clients are turned away: other options might ask less of them than its owner.
  if (router->tls == tcp::TlsMode::terminate && tls_.context(router->tls_options) == nullptr)
    report.disable(fmt::format("unknown TLS options: {}", router->tls_options));
  if (before != nullptr && before->configuration == options && before->middlewares == built.middlewares &&
      before->service == built.service) {
    built.router = before->router;  // with the counts of its middlewares
  } else {
    router->handler = built.service;
    for (size_t i = built.middlewares.size(); i-- > 0;) {
      FL_TRY(router->handler, tcp::make_middleware(built.middlewares[i], std::move(router->handler)));
    }
    built.router = std::move(router);
  }
  built_.emplace(name, std::move(built));
  return {};
}

void TcpRouterBuilder::fill(const std::string& entry_point, EntryPointSnapshot& snapshot) const {
  std::vector<std::pair<size_t, tcp::RouterPtr>> order;
  for (const auto& [name, built] : built_)
    if (std::ranges::find(built.configuration.entry_points, entry_point) != built.configuration.entry_points.end())
      order.emplace_back(precedence_of(name, inputs_.precedence), built.router);
  std::ranges::sort(order, {}, [](const auto& entry) { return std::pair(entry.first, entry.second->name); });
  std::vector<tcp::RouterPtr> plain, with_tls;
  for (auto& [_, router] : order) (router->tls == tcp::TlsMode::none ? plain : with_tls).push_back(std::move(router));
  snapshot.tcp = tcp::RouterTable(std::move(plain));
  snapshot.tcp_tls = tcp::RouterTable(std::move(with_tls));
}

}  // namespace fl::proxy
