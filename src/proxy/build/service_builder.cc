#include "proxy/build/service_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "config/dynamic/kinds.h"
#include "proxy/build/server_url.h"
#include "proxy/service/load_balancer.h"
#include "proxy/service/weighted.h"

namespace fl::proxy {
Result<HandlerPtr> ServiceBuilder::get(std::string_view name) {
  if (const auto internal = inputs_.internal_services.find(name); internal != inputs_.internal_services.end())
    return internal->second;
  if (const auto done = built_.find(name); done != built_.end()) return done->second.handler;
  if (const auto bad = failed_.find(name); bad != failed_.end()) return tl::make_unexpected(bad->second);
  const auto it = configuration_.http.services.find(name);
  if (it == configuration_.http.services.end()) {
    const auto report = report_.services.find(name);
    if (report != report_.services.end() && !report->second.errors.empty())
      return fail(Code::invalid,
                  fmt::format("the service \"{}\" is disabled: {}", name, report->second.errors.front()));
    return fail(Code::not_found, fmt::format("the service \"{}\" does not exist", name));
  }
  if (!building_.emplace(name).second)
    return fail(Code::invalid, fmt::format("the service \"{}\" contains itself", name));
  auto handler = build(name, it->second);
  building_.erase(building_.find(name));
  if (!handler) {
    report_.services[it->first].disable(handler.error().message);
    failed_.emplace(name, handler.error());
  }
  return handler;
}

Result<HandlerPtr> ServiceBuilder::build(std::string_view name_view, const config::dynamic::Service& service) {
  const std::string name(name_view);
  ServiceReport& report = report_.services[name];
  const auto type = config::dynamic::kind_of(service);
  if (!type) return fail(Code::invalid, fmt::format("the service \"{}\" {}", name, type.error().message));
  report.type = to_lower(*type);

  const auto found = before_.find(name);
  const BuiltService* before = found == before_.end() ? nullptr : &found->second;
  BuiltService built{.configuration = service};
  FL_TRY(built.chain, middlewares_.expand(service.middlewares));
  if (service.load_balancer) {
    FL_TRY(built.balancer, build_load_balancer(name, *service.load_balancer, built, before));
  } else if (service.weighted) {
    FL_TRY(built.balancer, build_weighted(name, *service.weighted, built, before));
  } else {
    return fail(Code::invalid,
                fmt::format("services of type {} are not supported by this version of fairlead yet", *type));
  }
  if (before != nullptr && before->balancer == built.balancer && before->chain == built.chain) {
    built.handler = before->handler;
  } else {
    FL_TRY(built.handler, middlewares_.wrap(built.chain, built.balancer));
  }
  HandlerPtr handler = built.handler;
  built_.emplace(name, std::move(built));
  return handler;
}

Result<HandlerPtr> ServiceBuilder::build_load_balancer(const std::string& name,
                                                       const config::dynamic::LoadBalancer& options,
                                                       BuiltService& built, const BuiltService* before) {
  ServiceReport& report = report_.services[name];
  for (const auto& server : options.servers) report.server_urls.push_back(server.url);
  if (options.health_check || options.passive_health_check)
    report.warn("health checks are not supported by this version of fairlead yet: every server counts as healthy");
  if (to_lower(options.strategy) != "wrr")
    return fail(Code::invalid, fmt::format("unsupported load-balancer strategy \"{}\"", options.strategy));
  FL_TRY(built.transport, transport(options, report));
  if (before != nullptr && before->configuration.load_balancer && *before->configuration.load_balancer == options &&
      before->transport == built.transport)
    return before->balancer;

  LoadBalancer::Options made{.service = name,
                             .servers = {},
                             .sticky = options.sticky ? options.sticky->cookie : std::nullopt,
                             .pass_host_header = options.pass_host_header,
                             .cursor = cursor(name)};
  for (const auto& server : options.servers) {
    Error error;
    std::string base_path;
    auto spec = upstream(server.url, built.transport, error, base_path);
    if (spec == nullptr) return tl::make_unexpected(std::move(error));
    made.servers.push_back({.upstream = std::move(spec),
                            .url = server.url,
                            .base_path = server.preserve_path ? std::move(base_path) : std::string(),
                            .weight = server.weight.value_or(1),
                            .fenced = server.fenced});
  }
  return std::make_shared<LoadBalancer>(std::move(made));
}

Result<HandlerPtr> ServiceBuilder::build_weighted(const std::string& name, const config::dynamic::Weighted& options,
                                                  BuiltService& built, const BuiltService* before) {
  Weighted::Options made{.service = name,
                         .children = {},
                         .sticky = options.sticky ? options.sticky->cookie : std::nullopt,
                         .cursor = cursor(name)};
  if (options.health_check)
    report_.services[name].warn("health checks are not supported by this version of fairlead yet");
  for (const auto& child : options.services) {
    FL_TRY(HandlerPtr handler, get(child.name));
    built.children.push_back(handler);
    made.children.push_back({child.name, child.weight, std::move(handler)});
  }
  if (before != nullptr && before->configuration.weighted && *before->configuration.weighted == options &&
      before->children == built.children)
    return before->balancer;
  return std::make_shared<Weighted>(std::move(made));
}

Result<TransportSpec> ServiceBuilder::transport(const config::dynamic::LoadBalancer& options, ServiceReport& report) {
  const std::string& name = options.servers_transport;
  TransportSpec spec = inputs_.default_transport;
  config::dynamic::ServersTransport from{.insecure_skip_verify = inputs_.insecure_skip_verify,
                                         .root_cas = inputs_.root_cas};
  if (!name.empty() && name != "default@internal") {
    const auto it = configuration_.http.servers_transports.find(name);
    if (it == configuration_.http.servers_transports.end()) {
      const auto missing = fmt::format("servers transport not found {}", name);
      if (options.servers.empty()) return fail(Code::not_found, missing);
      return fail(Code::not_found,
                  fmt::format("error building proxy for server URL {}: {}", options.servers.front().url, missing));
    }
    from = it->second;
    spec.name = it->first;
    // Traefik: 0 is Go's default of 2, negative is no reuse.
    spec.max_idle_per_host = from.max_idle_conns_per_host == 0 ? 2 : from.max_idle_conns_per_host;
    const auto timeouts = from.forwarding_timeouts.value_or(config::dynamic::ForwardingTimeouts{});
    spec.dial_timeout = timeouts.dial_timeout;
    spec.response_header_timeout = timeouts.response_header_timeout;
    spec.idle_timeout = timeouts.idle_conn_timeout;
  }
  const bool is_needed = std::ranges::any_of(
      options.servers, [](const auto& server) { return to_lower(server.url).starts_with("https://"); });
  if (!is_needed) return spec;
  auto made = client_tls_.get(spec.name, from);
  if (!made) return tl::make_unexpected(std::move(made).error().context(fmt::format("serversTransport {}", spec.name)));
  if (!made->warning.empty()) report.warn(fmt::format("serversTransport {}: {}", spec.name, made->warning));
  spec.tls = made->context;
  return spec;
}

std::shared_ptr<const UpstreamSpec> ServiceBuilder::upstream(std::string_view text, const TransportSpec& transport,
                                                             Error& error, std::string& base_path) {
  const auto url = parse_server_url(text);
  if (!url) {
    error = url.error();
    return nullptr;
  }
  if (url->scheme != "http" && url->scheme != "https") {
    error = {Code::invalid, fmt::format("server URL {}: servers with scheme {} are not supported by this version of "
                                        "fairlead yet; use http:// or https://",
                                        text, url->scheme)};
    return nullptr;
  }
  base_path = url->path;
  auto& known = upstreams_[fmt::format("{}://{}|{}", url->scheme, url->address(), transport.name)];
  if (auto spec = known.lock();
      spec != nullptr && spec->transport == transport && spec->host_header == url->host_header())
    return spec;
  auto spec = std::make_shared<UpstreamSpec>();
  spec->host = url->host;
  spec->port = url->port;
  spec->host_header = url->host_header();
  spec->address = url->address();
  spec->secure = url->scheme == "https";
  spec->transport = transport;
  spec->slot = Slot(inputs_.upstream_slots);
  known = spec;
  return spec;
}

std::shared_ptr<const TurnCursor> ServiceBuilder::cursor(const std::string& name) {
  auto& known = cursors_[name];
  if (auto cursor = known.lock()) return cursor;
  auto cursor = std::make_shared<TurnCursor>(inputs_.balancer_slots);
  known = cursor;
  return cursor;
}

}  // namespace fl::proxy
