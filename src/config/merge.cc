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

// Calls f(kind, what each of `x` has of it) for each kind of object that has a name of its own; all of `x` have the
// shape of Configuration.
template <class F, class... Shapes>
void for_each_kind(F f, Shapes&... x) {
  f("http.routers", x.http.routers...);
  f("http.services", x.http.services...);
  f("http.middlewares", x.http.middlewares...);
  f("http.serversTransports", x.http.servers_transports...);
  f("tcp.routers", x.tcp.routers...);
  f("tcp.services", x.tcp.services...);
  f("tcp.middlewares", x.tcp.middlewares...);
  f("tcp.serversTransports", x.tcp.servers_transports...);
  f("udp.routers", x.udp.routers...);
  f("udp.services", x.udp.services...);
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

std::vector<std::string> udp_entry_points(const MergeInputs& inputs) {
  std::vector<std::string> names;
  for (const auto& [name, entry_point] : inputs.entry_points)
    if (const auto address = parse_address(entry_point.address); address && address->protocol == Address::Protocol::udp)
      names.push_back(name);
  return names;
}

// What a provider's object becomes: one object with a qualified name, or of a router one for each entry point that has
// a say in it.
class Translator {
 public:
  Translator(std::string_view provider, const MergeInputs& inputs)
      : provider_(provider), qualifier_{provider}, inputs_(inputs) {}

  template <class T, class Emit>
  void operator()(const std::string& name, T object, Emit emit) const {
    qualifier_(object);
    if constexpr (std::is_same_v<T, TcpRouter>)
      if (object.entry_points.empty()) object.entry_points = inputs_.default_entry_points;
    if constexpr (std::is_same_v<T, UdpRouter>)
      if (object.entry_points.empty()) object.entry_points = udp_entry_points(inputs_);
    if constexpr (std::is_same_v<T, Router>) {
      if (object.entry_points.empty() && object.parent_refs.empty()) object.entry_points = inputs_.default_entry_points;
      apply_entry_points(qualify(name, provider_), std::move(object), emit);
    } else {
      emit(qualify(name, provider_), std::move(object));
    }
  }

 private:
  // Traefik: the model step.
  template <class Emit>
  void apply_entry_points(const std::string& name, Router router, Emit emit) const {
    const std::vector<std::string> listed = std::exchange(router.entry_points, {});
    for (const std::string& entry_point : listed) {
      const auto model = inputs_.entry_points.find(entry_point);
      if (model == inputs_.entry_points.end() || !says_something(model->second)) {
        router.entry_points.push_back(entry_point);
        continue;
      }
      Router copy = router;
      copy.entry_points = {entry_point};
      apply_entry_point(model->second, copy);
      emit(listed.size() > 1 ? entry_point + "-" + name : name, std::move(copy));
    }
    if (!router.entry_points.empty() || listed.empty()) emit(name, std::move(router));
  }

  const std::string_view provider_;
  const Qualifier qualifier_;
  const MergeInputs& inputs_;
};

// A provider's objects of one kind as they came, each with what was made of it, in the order of their names.
template <class T>
struct Translated {
  using Entry = typename Objects<T>::EntryPtr;
  struct Row {
    Entry source;
    Entry made;
  };
  std::vector<Row> rows;  // one source may have several
};

// Brings `memory` up to date with `source` and adds what it then holds to `target`.
template <class T>
void translate(const Objects<T>& source, const Translator& translator, Translated<T>& memory, Objects<T>& target) {
  using Row = typename Translated<T>::Row;
  std::vector<Row> rows;
  rows.reserve(source.size());
  auto before = memory.rows.begin();
  for (auto it = source.begin(); it != source.end(); ++it) {
    const auto& entry = it.entry();
    while (before != memory.rows.end() && before->source->first < entry->first) ++before;
    const bool is_known = before != memory.rows.end() && (before->source == entry || *before->source == *entry);
    if (is_known) {
      for (const auto known = before->source; before != memory.rows.end() && before->source == known; ++before)
        rows.push_back({entry, before->made});
    } else {
      translator(entry->first, entry->second, [&](std::string name, T object) {
        using Entry = typename Objects<T>::Entry;
        rows.push_back({entry, std::make_shared<const Entry>(std::move(name), std::move(object))});
      });
    }
  }
  memory.rows = std::move(rows);
  for (const Row& row : memory.rows) target.share(row.made);
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

// What was made of a provider's configuration, in its shape.
struct Merger::Memory {
  struct {
    Translated<Router> routers;
    Translated<Service> services;
    Translated<Middleware> middlewares;
    Translated<ServersTransport> servers_transports;
  } http;
  struct {
    Translated<TcpRouter> routers;
    Translated<TcpService> services;
    Translated<TcpMiddleware> middlewares;
    Translated<TcpServersTransport> servers_transports;
  } tcp;
  struct {
    Translated<UdpRouter> routers;
    Translated<UdpService> services;
  } udp;
};

Merger::Merger(MergeInputs inputs) : inputs_(std::move(inputs)) {}
Merger::~Merger() = default;

Merged Merger::merge(const std::vector<ProviderConfig>& providers) {
  Merged merged;
  for (const ProviderConfig& from : providers) {
    auto& memory = memory_[from.provider];
    if (memory == nullptr) memory = std::make_unique<Memory>();
    const Translator translator(from.provider, inputs_);
    const Configuration& source = *from.configuration;
    for_each_kind([&](std::string_view, const auto& objects, auto& known,
                      auto& target) { translate(objects, translator, known, target); },
                  source, *memory, merged.configuration);
    std::ranges::copy(source.tls.certificates, std::back_inserter(merged.configuration.tls.certificates));
  }
  merge_tls(providers, &Tls::options, "tls.options", merged);
  merge_tls(providers, &Tls::stores, "tls.stores", merged);
  return merged;
}

Merged merge_files(const std::vector<NamedConfiguration>& files) {
  Merged merged;
  for (const NamedConfiguration& file : files) {
    const auto is_first = [&](std::string_view kind, const auto& target, const std::string& name) {
      if (!target.contains(name)) return true;
      merged.issues.push_back({.severity = Severity::warning,
                               .where = file.source,
                               .path = fmt::format("{}.{}", kind, name),
                               .text = "is defined by an earlier file already; that one counts",
                               .kind = std::string(kind),
                               .object = name});
      return false;
    };
    const auto share = [&](std::string_view kind, auto& target, const auto& source) {
      for (auto it = source.begin(); it != source.end(); ++it)
        if (is_first(kind, target, it->first)) target.share(it.entry());
    };
    const auto copy = [&](std::string_view kind, auto& target, const auto& source) {
      for (const auto& [name, object] : source)
        if (is_first(kind, target, name)) target.emplace(name, object);
    };
    for_each_kind(share, merged.configuration, file.configuration);
    copy("tls.options", merged.configuration.tls.options, file.configuration.tls.options);
    copy("tls.stores", merged.configuration.tls.stores, file.configuration.tls.stores);
    std::ranges::copy(file.configuration.tls.certificates, std::back_inserter(merged.configuration.tls.certificates));
  }
  return merged;
}

}  // namespace fl::config
