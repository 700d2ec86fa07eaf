#include "proxy/build/service_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "config/dynamic/kinds.h"
#include "proxy/build/composite_services.h"
#include "proxy/build/server_url.h"
#include "proxy/service/grpc_health_check.h"
#include "proxy/service/http_health_check.h"
#include "proxy/service/load_balancer.h"

namespace fl::proxy {
namespace {

std::shared_ptr<const Health> health_of(const std::vector<CheckedServer>& servers) {
  std::vector<std::shared_ptr<const Health>> parts;
  for (const CheckedServer& server : servers) parts.push_back(server.health);
  return std::make_shared<ServiceHealth>(std::move(parts));
}

std::shared_ptr<PassiveCheck> passive_check(const config::dynamic::LoadBalancer& options,
                                            const std::shared_ptr<ServerHealth>& health) {
  if (!options.passive_health_check) return nullptr;
  const auto& [window, failures] = *options.passive_health_check;
  return std::make_shared<PassiveCheck>(
      PassiveCheck::Options{.window = window > 0s ? window : 10s,
                            .max_failures = failures > 0 ? static_cast<size_t>(failures) : 1,
                            .has_active_check = options.health_check.has_value()},
      health);
}

template <class T>
std::shared_ptr<T> kept(std::map<std::string, std::weak_ptr<T>>& known, const std::string& service,
                        const std::string& server) {
  std::weak_ptr<T>& entry = known[fmt::format("{} {}", service, server)];
  auto one = entry.lock();
  if (one == nullptr) entry = one = std::make_shared<T>();
  return one;
}

template <class Key, class T>
void forget_expired(std::map<Key, std::weak_ptr<T>>& known) {
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
}

bool is_strategy(std::string_view name) {
  return name.empty() || name == "wrr" || name == "hrw" || name == "p2c" || name == "leasttime";
}
bool ignores_weights(std::string_view strategy) { return strategy == "p2c"; }
bool counts_load(std::string_view strategy) { return strategy == "p2c" || strategy == "leasttime"; }

// Null when there was none, or it could not serve.
const config::dynamic::Service* configuration_of(const BuiltService* service) {
  return service != nullptr && service->handler != nullptr ? &service->configuration->second : nullptr;
}

}  // namespace

void ServiceBuilder::build_all() {
  const auto& services = configuration_.http.services;
  built_.reserve(services.size());
  config::Objects<ServiceReport> reports;
  for (auto it = services.begin(); it != services.end(); ++it) {
    (void)get(it.entry());
    const BuiltService& built = *built_.find(it->first)->second;
    reports.share(built.report);
    if (built.check != nullptr) checks_.push_back(built.check);
  }
  for (const auto& [name, _] : inputs_.internal_services) reports[name].type = "internal";
  reports.share_missing(report_.services);
  report_.services = std::move(reports);
}

Result<HandlerPtr> ServiceBuilder::get(std::string_view name) {
  if (const auto known = built_.find(name); known != built_.end() && known->second->handler != nullptr)
    return known->second->handler;
  if (const auto internal = inputs_.internal_services.find(name); internal != inputs_.internal_services.end())
    return internal->second;
  const auto it = configuration_.http.services.find(name);
  if (it != configuration_.http.services.end()) return get(it.entry());
  const auto report = report_.services.find(name);
  if (report != report_.services.end() && !report->second.errors.empty())
    return fail(Code::invalid, fmt::format("the service \"{}\" is disabled: {}", name, report->second.errors.front()));
  return fail(Code::not_found, fmt::format("the service \"{}\" does not exist", name));
}

Result<HandlerPtr> ServiceBuilder::get(const ServiceEntry& entry) {
  const std::string_view name = entry->first;
  auto known = built_.find(name);
  if (known == built_.end()) {
    if (!building_.emplace(name).second)
      return fail(Code::invalid, fmt::format("the service \"{}\" contains itself", name));
    const auto found = before_.find(name);
    auto built = make(entry, found == before_.end() ? nullptr : found->second);
    building_.erase(building_.find(name));
    known = built_.emplace(built->configuration->first, built).first;
  }
  if (known->second->handler == nullptr) return tl::make_unexpected(known->second->error);
  return known->second->handler;
}

std::shared_ptr<const BuiltService> ServiceBuilder::make(const ServiceEntry& entry,
                                                         const std::shared_ptr<const BuiltService>& before) {
  const auto issues = report_.services.find(entry->first);
  const bool has_issues = issues != report_.services.end();
  if (before != nullptr && !has_issues && !before->has_issues && before->handler != nullptr &&
      (before->configuration == entry || *before->configuration == *entry) && leads_to_the_same(entry->second, *before))
    return before;
  auto report = std::make_shared<config::Objects<ServiceReport>::Entry>(entry->first,
                                                                        has_issues ? issues->second : ServiceReport());
  auto built = std::make_shared<BuiltService>();
  built->configuration = entry;
  built->has_issues = has_issues;
  built->report = report;
  if (auto ok = build(*built, report->second, before.get()); !ok) {
    report->second.disable(ok.error().message);
    built->handler = nullptr;
    built->error = std::move(ok).error();
  }
  return built;
}

bool ServiceBuilder::leads_to_the_same(const config::dynamic::Service& service, const BuiltService& before) {
  if (!service.middlewares.empty()) {
    const auto chain = middlewares_.expand(service.middlewares, *this);
    if (!chain || *chain != before.chain) return false;
  }
  if (service.load_balancer) {
    const auto now = transport(*service.load_balancer, before.transport.tls != nullptr);
    return now && *now->spec == before.transport && now->warning == before.transport_warning;
  }
  const std::vector<std::string_view> children = children_of(service);
  return std::ranges::equal(children, before.children, [this](std::string_view child, const HandlerPtr& was) {
    const auto now = get(child);
    return now && *now == was;
  });
}

Result<> ServiceBuilder::build(BuiltService& built, ServiceReport& report, const BuiltService* before) {
  const auto& [name, service] = *built.configuration;
  const auto type = config::dynamic::kind_of(service);
  if (!type) return fail(Code::invalid, fmt::format("the service \"{}\" {}", name, type.error().message));
  report.type = to_lower(*type);
  FL_TRY(built.chain, middlewares_.expand(service.middlewares, *this));
  if (service.load_balancer) {
    FL_TRY(built.balancer, build_load_balancer(name, *service.load_balancer, built, report, before));
  } else {
    for (const std::string_view child : children_of(service)) {
      FL_TRY(HandlerPtr handler, get(child));
      built.children.push_back(std::move(handler));
    }
    FL_TRY(built.balancer, build_composite(name, service, built, before));
  }
  if (before != nullptr && before->balancer == built.balancer && before->chain == built.chain) {
    built.handler = before->handler;
    return {};
  }
  FL_TRY(built.handler, middlewares_.wrap(built.chain, built.balancer));
  return {};
}

Result<HandlerPtr> ServiceBuilder::build_load_balancer(const std::string& name,
                                                       const config::dynamic::LoadBalancer& options,
                                                       BuiltService& built, ServiceReport& report,
                                                       const BuiltService* before) {
  const bool is_checked = options.health_check || options.passive_health_check;
  for (const auto& server : options.servers)
    report.servers.push_back({server.url, is_checked ? health(name, server.url) : nullptr});
  if (is_checked) built.health = health_of(report.servers);
  if (!is_strategy(options.strategy))
    return fail(Code::invalid, fmt::format("unsupported load-balancer strategy \"{}\"", options.strategy));
  const bool secure = std::ranges::any_of(
      options.servers, [](const auto& server) { return to_lower(server.url).starts_with("https://"); });
  FL_TRY(const auto chosen, transport(options, secure));
  const TransportSpec* spec = chosen.spec;
  built.transport_warning = chosen.warning;
  if (!chosen.warning.empty()) report.warn(fmt::format("serversTransport {}: {}", spec->name, chosen.warning));
  built.transport = *spec;
  if (const auto* was = configuration_of(before);
      was != nullptr && was->load_balancer && *was->load_balancer == options && before->transport == *spec) {
    built.check = before->check;
    return before->balancer;
  }
  FL_TRY_VOID(build_check(name, options, built, report));

  LoadBalancer::Options made{.service = name,
                             .servers = {},
                             .sticky = options.sticky ? options.sticky->cookie : std::nullopt,
                             .pass_host_header = options.pass_host_header,
                             .strategy = nullptr};
  for (size_t i = 0; const auto& server : options.servers) {
    const std::shared_ptr<ServerHealth>& health = report.servers[i++].health;
    Error error;
    std::string base_path;
    auto target = upstream(server.url, built.transport, error, base_path);
    if (target == nullptr) return tl::make_unexpected(std::move(error));
    made.servers.push_back({.upstream = std::move(target),
                            .url = server.url,
                            .base_path = server.preserve_path ? std::move(base_path) : std::string(),
                            .exists = server.weight.value_or(1) > 0 || ignores_weights(options.strategy),
                            .health = health,
                            .passive = passive_check(options, health),
                            .load = counts_load(options.strategy) ? load(name, server.url) : nullptr});
  }
  made.strategy = strategy(name, options, made.servers);
  return std::make_shared<LoadBalancer>(std::move(made));
}

StrategyPtr ServiceBuilder::strategy(const std::string& service, const config::dynamic::LoadBalancer& options,
                                     const std::vector<ServerTarget>& servers) {
  std::vector<Contender> contenders;
  std::vector<std::shared_ptr<ServerLoad>> loads;
  for (size_t i = 0; const auto& server : options.servers) {
    const int64_t weight = ignores_weights(options.strategy) ? 1 : server.weight.value_or(1);
    contenders.push_back({server.url, server.fenced ? 0 : weight});  // a fenced one is reached by its cookie alone
    loads.push_back(servers[i++].load);
  }
  if (options.strategy == "hrw") return make_highest_random_weight(contenders);
  if (options.strategy == "p2c") return make_two_choices(contenders, std::move(loads));
  if (options.strategy == "leasttime") return make_least_time(contenders, std::move(loads), service, cursor(service));
  return make_round_robin(contenders, service, cursor(service));
}

Result<> ServiceBuilder::build_check(const std::string& name, const config::dynamic::LoadBalancer& options,
                                     BuiltService& built, ServiceReport& report) {
  if (!options.health_check || options.servers.empty()) return {};
  if (options.health_check->mode == "grpc") {
    FL_TRY(built.check,
           GrpcHealthCheck::make(name, report.servers, *options.health_check, inputs_.resolver, built.transport.tls));
    return {};
  }
  FL_TRY(built.check,
         HttpHealthCheck::make(name, report.servers, *options.health_check, inputs_.prober, built.transport.tls));
  return {};
}

Result<HandlerPtr> ServiceBuilder::build_composite(const std::string& name, const config::dynamic::Service& service,
                                                   BuiltService& built, const BuiltService* before) {
  FL_TRY(Composite made, make_composite(
                             name, service, built.children,
                             [this, &name](const std::string& child) { return health_of_child(child, name); },
                             [this, &name] { return cursor(name); }));
  built.health = std::move(made.health);
  const auto* was = configuration_of(before);
  const bool same = was != nullptr && before->children == built.children && is_same_composite(*was, service);
  return same ? before->balancer : std::move(made.handler);
}

Result<std::shared_ptr<const Health>> ServiceBuilder::health_of_child(const std::string& child,
                                                                      const std::string& parent) const {
  const auto known = built_.find(child);
  if (known != built_.end() && known->second->health != nullptr) return known->second->health;
  return fail(Code::invalid, fmt::format("cannot register {} as updater for {}: healthCheck not enabled in config "
                                         "for this service",
                                         child, parent));
}

Result<ServiceBuilder::ChosenTransport> ServiceBuilder::transport(const config::dynamic::LoadBalancer& options,
                                                                  bool secure) {
  const std::string_view name =
      options.servers_transport.empty() ? std::string_view("default@internal") : options.servers_transport;
  auto known = transports_.find(name);
  if (known == transports_.end()) {
    Transport made{.options = {.insecure_skip_verify = inputs_.insecure_skip_verify, .root_cas = inputs_.root_cas},
                   .plain = inputs_.default_transport};
    if (name != "default@internal") {
      const auto it = configuration_.http.servers_transports.find(name);
      if (it == configuration_.http.servers_transports.end()) {
        const auto missing = fmt::format("servers transport not found {}", name);
        if (options.servers.empty()) return fail(Code::not_found, missing);
        return fail(Code::not_found,
                    fmt::format("error building proxy for server URL {}: {}", options.servers.front().url, missing));
      }
      made.options = it->second;
      made.plain.name = it->first;
      // Traefik: 0 is Go's default of 2, negative is no reuse.
      made.plain.max_idle_per_host = it->second.max_idle_conns_per_host == 0 ? 2 : it->second.max_idle_conns_per_host;
      const auto timeouts = it->second.forwarding_timeouts.value_or(config::dynamic::ForwardingTimeouts{});
      made.plain.dial_timeout = timeouts.dial_timeout;
      made.plain.response_header_timeout = timeouts.response_header_timeout;
      made.plain.idle_timeout = timeouts.idle_conn_timeout;
      made.plain.read_idle_timeout = timeouts.read_idle_timeout;
      made.plain.ping_timeout = timeouts.ping_timeout;
    }
    known = transports_.emplace(name, std::move(made)).first;
  }
  Transport& found = known->second;
  if (!secure) return ChosenTransport{&found.plain, {}};
  if (!found.secure) FL_TRY_VOID(make_secure(found));
  return ChosenTransport{&*found.secure, found.warning};
}

Result<> ServiceBuilder::make_secure(Transport& transport) {
  auto made = client_tls_.get(transport.plain.name, transport.options);
  if (!made)
    return tl::make_unexpected(
        std::move(made).error().context(fmt::format("serversTransport {}", transport.plain.name)));
  transport.secure = transport.plain;
  transport.secure->tls = made->context;
  transport.warning = made->warning;
  return {};
}

Result<std::shared_ptr<const UpstreamSpec>> ServiceBuilder::get(const middleware::OwnServer& server) {
  TransportSpec transport = inputs_.default_transport;
  transport.name = server.tls ? fmt::format("middleware {}", server.middleware) : "middlewares@internal";
  transport.dial_timeout = transport.response_header_timeout = server.patience;
  transport.tls = nullptr;
  if (server.origin.starts_with("https:")) {
    config::dynamic::ServersTransport options;
    if (server.tls) {
      if (!server.tls->ca.empty()) options.root_cas.push_back(server.tls->ca);
      if (!server.tls->cert.empty()) options.certificates.push_back({server.tls->cert, server.tls->key});
      options.insecure_skip_verify = server.tls->insecure_skip_verify;
    }
    auto made = client_tls_.get(transport.name, options);
    if (!made) return tl::make_unexpected(std::move(made).error().context("tls"));
    if (!made->warning.empty()) log::warn("middleware {}: tls: {}", server.middleware, made->warning);
    transport.tls = std::move(made->context);
  }
  Error error;
  std::string base_path;
  auto spec = upstream(server.origin, transport, error, base_path);
  if (spec == nullptr) return tl::make_unexpected(std::move(error));
  return spec;
}

std::shared_ptr<const UpstreamSpec> ServiceBuilder::upstream(std::string_view text, const TransportSpec& transport,
                                                             Error& error, std::string& base_path) {
  const auto url = parse_server_url(text);
  if (!url) {
    error = url.error();
    return nullptr;
  }
  if (url->scheme != "http" && url->scheme != "https" && url->scheme != "h2c") {
    error = {Code::invalid,
             fmt::format("server URL {}: servers with scheme {} are not supported; use http://, https:// "
                         "or h2c:// (HTTP/2 without TLS)",
                         text, url->scheme)};
    return nullptr;
  }
  base_path = url->path;
  auto& known = identities_.upstreams[fmt::format("{}://{}|{}", url->scheme, url->address(), transport.name)];
  if (auto spec = known.lock();
      spec != nullptr && spec->transport == transport && spec->host_header == url->host_header())
    return spec;
  auto spec = std::make_shared<UpstreamSpec>();
  spec->host = url->host;
  spec->port = url->port;
  spec->host_header = url->host_header();
  spec->address = url->address();
  spec->secure = url->scheme == "https";
  spec->http2 = url->scheme == "h2c";
  spec->transport = transport;
  spec->slot = Slot(inputs_.upstream_slots);
  known = spec;
  return spec;
}

std::shared_ptr<const TurnCursor> ServiceBuilder::cursor(const std::string& name) {
  return kept_cursor(identities_.cursors, name, inputs_.balancer_slots);
}

std::shared_ptr<ServerHealth> ServiceBuilder::health(const std::string& service, const std::string& server) {
  return kept(identities_.healths, service, server);
}

std::shared_ptr<ServerLoad> ServiceBuilder::load(const std::string& service, const std::string& server) {
  return kept(identities_.loads, service, server);
}

void ServiceIdentities::forget_unused() {
  forget_expired(upstreams);
  for (CursorMap* of_protocol : {&cursors, &tcp_cursors, &udp_cursors}) forget_expired(*of_protocol);
  forget_expired(healths);
  forget_expired(loads);
}

}  // namespace fl::proxy
