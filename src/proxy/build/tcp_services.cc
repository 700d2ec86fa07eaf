#include "proxy/build/tcp_services.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "config/dynamic/kinds.h"
#include "proxy/build/server_address.h"
#include "proxy/tcp/health_check.h"
#include "proxy/tcp/load_balancer.h"
#include "proxy/tcp/weighted.h"

namespace fl::proxy {
namespace {

namespace dynamic = config::dynamic;

constexpr size_t kMaxProbeText = 65535;

Result<int> proxy_protocol_version(const std::optional<dynamic::ServerProxyProtocol>& options) {
  if (!options) return 0;
  if (options->version != 1 && options->version != 2)
    return fail(Code::invalid, fmt::format("unknown proxyProtocol version: {}", options->version));
  return static_cast<int>(options->version);
}

std::optional<Duration> termination_delay(Duration configured) {
  if (configured < 0s) return std::nullopt;
  return configured;
}

Result<tcp::HealthCheck::Probe> read_probe(const dynamic::TcpHealthCheck& options) {
  if (options.send.size() > kMaxProbeText || options.expect.size() > kMaxProbeText)
    return fail(Code::invalid, fmt::format("healthCheck: send and expect are at most {} bytes long", kMaxProbeText));
  if (options.port < 0 || options.port > 65535)
    return fail(Code::invalid, fmt::format("healthCheck.port: {} is no port", options.port));
  // Traefik: what is not above 0 is the default.
  return tcp::HealthCheck::Probe{.port = static_cast<uint16_t>(options.port),
                                 .send = options.send,
                                 .expect = options.expect,
                                 .timeout = options.timeout > 0s ? options.timeout : 5s};
}

}  // namespace

void TcpServiceBuilder::build_all() {
  for (const auto& [name, _] : configuration_.tcp.services) (void)get(name);
}

void TcpServiceBuilder::add_checks(HealthChecks& checks) const {
  for (const auto& [_, service] : built_)
    if (service.health_check != nullptr) checks.push_back(service.health_check);
}

Result<tcp::HandlerPtr> TcpServiceBuilder::get(std::string_view name) {
  if (const auto done = built_.find(name); done != built_.end()) return done->second.handler;
  if (const auto bad = failed_.find(name); bad != failed_.end()) return tl::make_unexpected(bad->second);
  const auto it = configuration_.tcp.services.find(name);
  if (it == configuration_.tcp.services.end()) {
    const auto report = report_.tcp.services.find(name);
    if (report != report_.tcp.services.end() && !report->second.errors.empty())
      return fail(Code::invalid,
                  fmt::format("the service \"{}\" is disabled: {}", name, report->second.errors.front()));
    return fail(Code::not_found, fmt::format("the service \"{}\" does not exist", name));
  }
  if (!building_.emplace(name).second)
    return fail(Code::invalid, fmt::format("the service \"{}\" contains itself", name));
  auto handler = build(it->first, it->second);
  building_.erase(building_.find(name));
  if (!handler) {
    report_.tcp.services[it->first].disable(handler.error().message);
    failed_.emplace(name, handler.error());
  }
  return handler;
}

Result<tcp::HandlerPtr> TcpServiceBuilder::build(const std::string& name, const dynamic::TcpService& service) {
  ServiceReport& report = report_.tcp.services[name];
  const auto type = dynamic::kind_of(service);
  if (!type) return fail(Code::invalid, fmt::format("the service \"{}\" {}", name, type.error().message));
  report.type = to_lower(*type);
  const auto found = before_.find(name);
  const BuiltTcpService* before = found == before_.end() ? nullptr : &found->second;
  BuiltTcpService built{.configuration = service};
  FL_TRY(built.handler, service.load_balancer ? build_load_balancer(name, *service.load_balancer, built, before)
                                              : build_weighted(name, *service.weighted, built, before));
  tcp::HandlerPtr handler = built.handler;
  built_.emplace(name, std::move(built));
  return handler;
}

Result<tcp::HandlerPtr> TcpServiceBuilder::build_load_balancer(const std::string& name,
                                                               const dynamic::TcpLoadBalancer& options,
                                                               BuiltTcpService& built, const BuiltTcpService* before) {
  ServiceReport& report = report_.tcp.services[name];
  FL_TRY(built.transport, transport(options, report));
  if (before != nullptr && before->configuration == built.configuration && before->transport == built.transport) {
    built.health_check = before->health_check;
    report.servers = built.servers = before->servers;
    built.warnings = before->warnings;
    for (const std::string& warning : built.warnings) report.warn(warning);
    return before->handler;
  }
  tcp::LoadBalancer::Options made{.service = name,
                                  .servers = {},
                                  .health = {},
                                  .transport = built.transport,
                                  .cursor = kept_cursor(identities_.tcp_cursors, name, inputs_.balancer_slots)};
  for (const auto& server : options.servers) {
    auto address = parse_server_address(server.address);
    if (!address) {  // Traefik: the others serve
      built.warnings.push_back(std::move(address).error().message);
      continue;
    }
    made.servers.push_back(
        {.host = std::move(address->host), .port = address->port, .address = server.address, .tls = server.tls});
    CheckedServer& checked = built.servers.emplace_back(server.address, nullptr);
    if (options.health_check) made.health.push_back(checked.health = kept_health(name, server.address));
  }
  report.servers = built.servers;
  for (const std::string& warning : built.warnings) report.warn(warning);
  if (const auto& check = options.health_check) {
    FL_TRY(tcp::HealthCheck::Probe probe, read_probe(*check));
    const Duration interval = check->interval > 0s ? check->interval : 30s;
    const Duration unhealthy = check->unhealthy_interval.value_or(interval);
    built.health_check = std::make_shared<tcp::HealthCheck>(
        HealthCheck::Options{.service = name,
                             .interval = interval,
                             .unhealthy_interval = unhealthy > 0s ? unhealthy : interval,
                             .servers = built.servers},
        made.servers, built.transport, std::move(probe), inputs_.resolver);
  }
  return std::make_shared<tcp::LoadBalancer>(std::move(made));
}

// The same for as long as anybody has it: what is known of a server's health outlives a change of its service.
std::shared_ptr<ServerHealth> TcpServiceBuilder::kept_health(const std::string& service, const std::string& address) {
  auto& known = identities_.healths[fmt::format("tcp {} {}", service, address)];
  if (auto health = known.lock()) return health;
  auto health = std::make_shared<ServerHealth>();
  known = health;
  return health;
}

Result<tcp::HandlerPtr> TcpServiceBuilder::build_weighted(const std::string& name, const dynamic::TcpWeighted& options,
                                                          BuiltTcpService& built, const BuiltTcpService* before) {
  tcp::Weighted::Options made{.service = name,
                              .children = {},
                              .health_check = options.health_check.has_value(),
                              .cursor = kept_cursor(identities_.tcp_cursors, name, inputs_.balancer_slots)};
  for (const auto& child : options.services) {
    FL_TRY(tcp::HandlerPtr handler, get(child.name));
    // Traefik: who passes its children's state upwards needs children that have one.
    if (const auto& known = built_.find(child.name)->second;
        options.health_check && known.health_check == nullptr &&
        !(known.configuration.weighted && known.configuration.weighted->health_check))
      return fail(Code::invalid,
                  fmt::format("registering {} as status updater for {}: healthCheck not enabled in "
                              "config for this {} service",
                              child.name, name, known.configuration.weighted ? "weighted" : "load-balancer"));
    built.children.push_back(handler);
    made.children.push_back({std::move(handler), child.weight});
  }
  if (before != nullptr && before->configuration == built.configuration && before->children == built.children)
    return before->handler;
  return std::make_shared<tcp::Weighted>(std::move(made));
}

// The transport by name; without one, what the load balancer itself says in the deprecated way counts (Traefik). Equal
// ones are one, so that an unchanged service is seen to be unchanged.
Result<TcpServiceBuilder::TransportPtr> TcpServiceBuilder::transport(const dynamic::TcpLoadBalancer& options,
                                                                     ServiceReport& report) {
  const bool with_tls = std::ranges::any_of(options.servers, &dynamic::TcpServer::tls);
  FL_TRY(tcp::Transport made, named_transport(options.servers_transport, with_tls, report));
  const bool says_itself = options.servers_transport.empty();
  if (says_itself) {
    FL_TRY(made.proxy_protocol, proxy_protocol_version(options.proxy_protocol));
  }
  if (says_itself && options.termination_delay)
    made.termination_delay = termination_delay(std::chrono::milliseconds(*options.termination_delay));
  for (const auto* services : {&std::as_const(built_), &before_})
    for (const auto& [_, service] : *services)
      if (service.transport != nullptr && *service.transport == made) return service.transport;
  return std::make_shared<const tcp::Transport>(std::move(made));
}

Result<tcp::Transport> TcpServiceBuilder::named_transport(std::string_view name, bool with_tls, ServiceReport& report) {
  const bool is_default = name.empty() || name == "default@internal";
  tcp::Transport made = *inputs_.default_tcp_transport;
  dynamic::TlsClientConfig tls;
  if (!is_default) {
    const auto it = configuration_.tcp.servers_transports.find(name);
    if (it == configuration_.tcp.servers_transports.end())
      return fail(Code::not_found, fmt::format("the serversTransport \"{}\" does not exist", name));
    const dynamic::TcpServersTransport& options = it->second;
    made = {.name = it->first,
            .dial_timeout = options.dial_timeout,
            .keep_alive = options.dial_keep_alive,
            .termination_delay = termination_delay(options.termination_delay),
            .idle_timeout = options.idle_timeout};
    FL_TRY(made.proxy_protocol, proxy_protocol_version(options.proxy_protocol));
    if (options.tls) tls = *options.tls;
  }
  if (!with_tls) return made;
  FL_TRY(ClientTlsBuilder::Made context, client_tls_.get_tcp(made.name, tls));
  if (!context.warning.empty()) report.warn(context.warning);
  made.tls = std::move(context.context);
  return made;
}

}  // namespace fl::proxy
