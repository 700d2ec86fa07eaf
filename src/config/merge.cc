#include "config/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/address.h"

namespace fl::config {
namespace {

using namespace dynamic;

constexpr std::string_view kDefault = "default";

// Writes the provider into the references of one object.
struct Qualifier {
  std::string_view provider;

  void operator()(std::string& reference) const { reference = qualify(reference, provider); }
  void operator()(std::vector<std::string>& references) const {
    for (std::string& reference : references) (*this)(reference);
  }
  void operator()(std::vector<WeightedService>& services) const {
    for (WeightedService& service : services) (*this)(service.name);
  }
  void tls_options(std::string& name) const {
    if (name != kDefault) (*this)(name);
  }

  void operator()(Router& router) const {
    (*this)(router.service);
    (*this)(router.middlewares);
    (*this)(router.parent_refs);
    if (router.tls) tls_options(router.tls->options);
  }
  void operator()(Service& service) const {
    (*this)(service.middlewares);
    if (service.load_balancer) (*this)(service.load_balancer->servers_transport);
    if (service.weighted) (*this)(service.weighted->services);
    if (service.highest_random_weight) (*this)(service.highest_random_weight->services);
    if (auto& mirroring = service.mirroring) {
      (*this)(mirroring->service);
      for (Mirror& mirror : mirroring->mirrors) (*this)(mirror.name);
    }
    if (auto& failover = service.failover) {
      (*this)(failover->service);
      (*this)(failover->fallback);
    }
  }
  void operator()(Middleware& middleware) const {
    if (middleware.chain) (*this)(middleware.chain->middlewares);
    if (middleware.errors) (*this)(middleware.errors->service);
  }
  void operator()(TcpRouter& router) const {
    (*this)(router.service);
    (*this)(router.middlewares);
    if (router.tls) tls_options(router.tls->options);
  }
  void operator()(TcpService& service) const {
    if (service.load_balancer) (*this)(service.load_balancer->servers_transport);
    if (service.weighted) (*this)(service.weighted->services);
  }
  void operator()(UdpRouter& router) const { (*this)(router.service); }
  void operator()(UdpService& service) const {
    if (service.weighted) (*this)(service.weighted->services);
  }
  void operator()(TcpMiddleware&) const {}
  void operator()(ServersTransport&) const {}
  void operator()(TcpServersTransport&) const {}
};

// Calls f(kind, map of `a`, map of `b`) for each kind of object that has a name of its own.
template <class F>
void for_each_kind(Configuration& a, const Configuration& b, F f) {
  f("http.routers", a.http.routers, b.http.routers);
  f("http.services", a.http.services, b.http.services);
  f("http.middlewares", a.http.middlewares, b.http.middlewares);
  f("http.serversTransports", a.http.servers_transports, b.http.servers_transports);
  f("tcp.routers", a.tcp.routers, b.tcp.routers);
  f("tcp.services", a.tcp.services, b.tcp.services);
  f("tcp.middlewares", a.tcp.middlewares, b.tcp.middlewares);
  f("tcp.serversTransports", a.tcp.servers_transports, b.tcp.servers_transports);
  f("udp.routers", a.udp.routers, b.udp.routers);
  f("udp.services", a.udp.services, b.udp.services);
}

// TLS options or stores: only `default` has no provider, so only it can meet another of its name.
template <class T>
void merge_tls(const std::vector<ProviderConfig>& providers, Map<T> Tls::* member, std::string_view kind,
               Merged& merged) {
  Map<T>& target = merged.configuration.tls.*member;
  std::vector<std::string_view> defined_by;
  for (const ProviderConfig& from : providers) {
    for (const auto& [name, value] : from.configuration->tls.*member) {
      target.emplace(name == kDefault ? name : qualify(name, from.provider), value);
      if (name == kDefault) defined_by.push_back(from.provider);
    }
  }
  if (defined_by.size() < 2) return;
  target.erase(std::string(kDefault));
  merged.issues.push_back({.path = fmt::format("{}.{}", kind, kDefault),
                           .text = fmt::format("is defined by more than one provider ({}); none of them is used",
                                               fmt::join(defined_by, ", ")),
                           .kind = std::string(kind),
                           .object = std::string(kDefault)});
}

bool says_something(const statics::EntryPoint& entry_point) {
  return !entry_point.http.middlewares.empty() || entry_point.http.tls ||
         entry_point.observability != statics::EntryPointObservability();
}

void apply_entry_point(const statics::EntryPoint& entry_point, Router& router) {
  router.middlewares.insert(router.middlewares.begin(), entry_point.http.middlewares.begin(),
                            entry_point.http.middlewares.end());
  if (const auto& tls = entry_point.http.tls; tls && !router.tls)
    router.tls = RouterTls{tls->options, tls->cert_resolver, tls->domains};
  const statics::EntryPointObservability& observability = entry_point.observability;
  RouterObservability& own = router.observability ? *router.observability : router.observability.emplace();
  if (!own.access_logs) own.access_logs = observability.access_logs;
  if (!own.metrics) own.metrics = observability.metrics;
  if (!own.tracing) own.tracing = observability.tracing;
  if (own.trace_verbosity.empty()) own.trace_verbosity = observability.trace_verbosity;
}

// Traefik: the model step.
void apply_entry_points(const Map<statics::EntryPoint>& entry_points, Map<Router>& routers) {
  const auto with_a_say = [&](const std::string& name) {
    const auto it = entry_points.find(name);
    return it != entry_points.end() && says_something(it->second) ? &it->second : nullptr;
  };
  if (std::ranges::none_of(entry_points, [](const auto& entry) { return says_something(entry.second); })) return;

  Map<Router> out;
  for (auto& [name, router] : routers) {
    const std::vector<std::string> listed = std::exchange(router.entry_points, {});
    for (const std::string& entry_point : listed) {
      const statics::EntryPoint* model = with_a_say(entry_point);
      if (model == nullptr) {
        router.entry_points.push_back(entry_point);
        continue;
      }
      Router copy = router;
      copy.entry_points = {entry_point};
      apply_entry_point(*model, copy);
      out.insert_or_assign(listed.size() > 1 ? entry_point + "-" + name : name, std::move(copy));
    }
    if (!router.entry_points.empty() || listed.empty()) out.insert_or_assign(name, std::move(router));
  }
  routers = std::move(out);
}

void add_default_entry_points(const MergeInputs& inputs, Configuration& configuration) {
  for (auto& [name, router] : configuration.http.routers)
    if (router.entry_points.empty() && router.parent_refs.empty()) router.entry_points = inputs.default_entry_points;
  for (auto& [name, router] : configuration.tcp.routers)
    if (router.entry_points.empty()) router.entry_points = inputs.default_entry_points;
  std::vector<std::string> udp;
  for (const auto& [name, entry_point] : inputs.entry_points)
    if (const auto address = parse_address(entry_point.address); address && address->protocol == Address::Protocol::udp)
      udp.push_back(name);
  for (auto& [name, router] : configuration.udp.routers)
    if (router.entry_points.empty()) router.entry_points = udp;
}

}  // namespace

std::string qualify(std::string_view name, std::string_view provider) {
  if (name.empty() || name.find('@') != name.npos) return std::string(name);
  return fmt::format("{}@{}", name, provider);
}

QualifiedName split_name(std::string_view qualified) {
  const size_t at = qualified.rfind('@');
  if (at == qualified.npos) return {qualified, {}};
  return {qualified.substr(0, at), qualified.substr(at + 1)};
}

Merged merge(const std::vector<ProviderConfig>& providers, const MergeInputs& inputs) {
  Merged merged;
  for (const ProviderConfig& from : providers) {
    const Qualifier qualifier{from.provider};
    for_each_kind(merged.configuration, *from.configuration, [&](std::string_view, auto& target, const auto& source) {
      for (const auto& [name, object] : source)
        qualifier(target.insert_or_assign(qualify(name, from.provider), object).first->second);
    });
    std::ranges::copy(from.configuration->tls.certificates, std::back_inserter(merged.configuration.tls.certificates));
  }
  merge_tls(providers, &Tls::options, "tls.options", merged);
  merge_tls(providers, &Tls::stores, "tls.stores", merged);
  add_default_entry_points(inputs, merged.configuration);
  apply_entry_points(inputs.entry_points, merged.configuration.http.routers);
  return merged;
}

Merged merge_files(std::vector<NamedConfiguration> files) {
  Merged merged;
  for (NamedConfiguration& file : files) {
    const auto add = [&](std::string_view kind, auto& target, const auto& source) {
      for (const auto& [name, object] : source) {
        if (target.try_emplace(name, object).second) continue;
        merged.issues.push_back({.severity = Severity::warning,
                                 .where = file.source,
                                 .path = fmt::format("{}.{}", kind, name),
                                 .text = "is defined by an earlier file already; that one counts",
                                 .kind = std::string(kind),
                                 .object = name});
      }
    };
    for_each_kind(merged.configuration, file.configuration, add);
    add("tls.options", merged.configuration.tls.options, file.configuration.tls.options);
    add("tls.stores", merged.configuration.tls.stores, file.configuration.tls.stores);
    auto& certificates = merged.configuration.tls.certificates;
    std::ranges::move(file.configuration.tls.certificates, std::back_inserter(certificates));
  }
  return merged;
}

}  // namespace fl::config
