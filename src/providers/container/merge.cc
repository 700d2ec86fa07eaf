#include "providers/container/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>

#include "base/strings.h"
#include "config/scalar.h"

namespace fl::providers::container {
namespace {

using config::Map;
using config::dynamic::BrokenObject;
using config::dynamic::Configuration;

template <class T>
concept Balanced = requires(T service) { service.load_balancer->servers; };

template <class T>
struct ServersOf {};
template <Balanced T>
struct ServersOf<T> {
  using List = decltype(T{}.load_balancer->servers);
  List list;
  std::unordered_set<std::string> known;  // addresses

  void take(List& from) {
    for (auto& server : from) {
      const std::string& address = [&]() -> const std::string& {
        if constexpr (requires { server.url; })
          return server.url;
        else
          return server.address;
      }();
      if (known.insert(address).second) list.push_back(std::move(server));
    }
    from.clear();
  }
};

// What containers of one name and origin say of one element: the word of their newest revision.
template <class T>
struct Voice {
  const Instance* speaker;
  T value;                   // of a service: without servers, and without the health check's port
  int64_t check_port = 0;    // which replicas on one host have each to itself
  bool contradicts = false;  // another container of the same revision says something else
};

template <class T>
struct Element {
  std::vector<Voice<T>> voices;
  ServersOf<T> servers;
  bool check_ports_differ = false;
  std::vector<std::string> declared_by;
};

// The health check's port is set apart; 0 when there is none.
template <class T>
int64_t* check_port(T& value) {
  if constexpr (requires { value.load_balancer->health_check->port; })
    if (value.load_balancer && value.load_balancer->health_check) return &value.load_balancer->health_check->port;
  return nullptr;
}

// The objects of one kind, from all containers.
template <class T>
class Declarations {
 public:
  template <class Named>
  void add(const Instance& instance, const std::string& instance_name, Named& objects) {
    for (auto next = objects.begin(); next != objects.end();) {
      const auto at = next++;
      Element<T>& element = elements_[at->first];
      T& value = own(objects, at);
      element.declared_by.push_back(instance_name);
      if constexpr (Balanced<T>)
        if (value.load_balancer) element.servers.take(value.load_balancer->servers);
      hear(element, instance, std::move(value));
    }
  }

  template <class Named>
  void finish(std::string_view kind, Named& out, Wired& result) {
    for (auto& [name, element] : elements_) {
      Voice<T>& first = element.voices.front();
      const bool agree = std::ranges::all_of(
          element.voices, [&](const Voice<T>& v) { return !v.contradicts && v.value == first.value; });
      const std::string path = fmt::format("{}.{}", kind, name);
      const auto issue = [&](config::Severity severity, std::string_view text) {
        return config::Issue{.severity = severity,
                             .where = named(element.declared_by),
                             .path = path,
                             .text = std::string(text),
                             .kind = std::string(kind),
                             .object = name};
      };
      if (!agree) {
        result.broken.push_back(
            {std::string(kind),
             name,
             {issue(config::Severity::error, "defined multiple times with different configurations")}});
        continue;
      }
      for (const Voice<T>& v : element.voices) element.check_ports_differ |= v.check_port != first.check_port;
      if (element.check_ports_differ)
        result.issues.push_back(issue(config::Severity::warning,
                                      "the health check's port is mapped to different host ports, and only one is "
                                      "used; check the server's own port, or give each task its own address"));
      if (int64_t* port = check_port(first.value)) *port = first.check_port;
      if constexpr (Balanced<T>)
        if (first.value.load_balancer) first.value.load_balancer->servers = std::move(element.servers.list);
      out.emplace(name, std::move(first.value));
    }
  }

 private:
  static T& own(config::Objects<T>& objects, typename config::Objects<T>::Iterator at) { return objects.edit(at); }
  static T& own(Map<T>&, typename Map<T>::iterator at) { return at->second; }

  static void hear(Element<T>& element, const Instance& instance, T value) {
    Voice<T> said{.speaker = &instance, .value = std::move(value)};
    if (int64_t* port = check_port(said.value)) said.check_port = std::exchange(*port, 0);
    const auto known = std::ranges::find_if(element.voices, [&](const Voice<T>& v) {
      return v.speaker->name == instance.name && v.speaker->origin == instance.origin;
    });
    if (known == element.voices.end()) {
      element.voices.push_back(std::move(said));
    } else if (instance.revision > known->speaker->revision) {
      *known = std::move(said);
    } else if (instance.revision == known->speaker->revision) {
      known->contradicts |= known->value != said.value;
      element.check_ports_differ |= known->check_port != said.check_port;
    }
  }

  // "a-1, b-2, ..."
  static std::string named(const std::vector<std::string>& instances) {
    constexpr size_t kShown = 5;
    std::string out;
    for (size_t i = 0; i < std::min(kShown, instances.size()); ++i) out += (i > 0 ? ", " : "") + instances[i];
    return instances.size() > kShown ? fmt::format("{} and {} more", out, instances.size() - kShown) : out;
  }

  std::map<std::string, Element<T>, std::less<>> elements_;
};

class Merger {
 public:
  void add(const Instance& instance, const std::string& name, Wired part) {
    auto& [http, tcp, udp, tls] = part.configuration;
    routers_.add(instance, name, http.routers);
    services_.add(instance, name, http.services);
    middlewares_.add(instance, name, http.middlewares);
    transports_.add(instance, name, http.servers_transports);
    tcp_routers_.add(instance, name, tcp.routers);
    tcp_services_.add(instance, name, tcp.services);
    tcp_middlewares_.add(instance, name, tcp.middlewares);
    tcp_transports_.add(instance, name, tcp.servers_transports);
    udp_routers_.add(instance, name, udp.routers);
    udp_services_.add(instance, name, udp.services);
    stores_.add(instance, name, tls.stores);
    for (BrokenObject& object : part.broken)
      for (config::Issue& issue : object.issues) add_broken(object.kind, object.name, std::move(issue));
    for (config::Issue& issue : part.issues) add_issue(std::move(issue));
  }

  // What is wrong with one container as a whole.
  void add_issue(config::Issue issue) {
    if (seen_.insert(issue.to_text()).second) result_.issues.push_back(std::move(issue));
  }

  Wired finish() {
    auto& [http, tcp, udp, tls] = result_.configuration;
    finish(routers_, "http.routers", http.routers);
    finish(services_, "http.services", http.services);
    finish(middlewares_, "http.middlewares", http.middlewares);
    finish(transports_, "http.serversTransports", http.servers_transports);
    finish(tcp_routers_, "tcp.routers", tcp.routers);
    finish(tcp_services_, "tcp.services", tcp.services);
    finish(tcp_middlewares_, "tcp.middlewares", tcp.middlewares);
    finish(tcp_transports_, "tcp.serversTransports", tcp.servers_transports);
    finish(udp_routers_, "udp.routers", udp.routers);
    finish(udp_services_, "udp.services", udp.services);
    finish(stores_, "tls.stores", tls.stores);
    for (auto& [key, issues] : broken_) result_.broken.push_back({key.first, key.second, std::move(issues)});
    return std::move(result_);
  }

 private:
  template <class T, class Named>
  void finish(Declarations<T>& declarations, std::string_view kind, Named& out) {
    declarations.finish(kind, out, result_);
    // An object that other containers declare rightly is there: its mistakes elsewhere are only reported.
    for (const auto& [name, object] : out) {
      const auto at = broken_.find(std::pair(std::string(kind), name));
      if (at == broken_.end()) continue;
      std::ranges::move(at->second, std::back_inserter(result_.issues));
      broken_.erase(at);
    }
  }

  void add_broken(const std::string& kind, const std::string& name, config::Issue issue) {
    if (seen_.insert(fmt::format("{} {} {}", kind, name, issue.to_text())).second)
      broken_[{kind, name}].push_back(std::move(issue));
  }

  Declarations<config::dynamic::Router> routers_;
  Declarations<config::dynamic::Service> services_;
  Declarations<config::dynamic::Middleware> middlewares_;
  Declarations<config::dynamic::ServersTransport> transports_;
  Declarations<config::dynamic::TcpRouter> tcp_routers_;
  Declarations<config::dynamic::TcpService> tcp_services_;
  Declarations<config::dynamic::TcpMiddleware> tcp_middlewares_;
  Declarations<config::dynamic::TcpServersTransport> tcp_transports_;
  Declarations<config::dynamic::UdpRouter> udp_routers_;
  Declarations<config::dynamic::UdpService> udp_services_;
  Declarations<config::dynamic::TlsStore> stores_;
  std::map<std::pair<std::string, std::string>, std::vector<config::Issue>> broken_;
  std::unordered_set<std::string> seen_;  // replicas make the same mistake; it is reported once
  Wired result_;
};

bool is_let_in(const Instance& instance, const std::string& name, const BuildOptions& options, Merger& merger) {
  const Labels& labels = instance.labels->labels;
  bool is_enabled = options.exposed_by_default;
  const std::string own_prefix = fmt::format("traefik.{}.", options.provider);
  for (const auto& [key, value] : labels) {
    if (iequals(key, "traefik.enable")) {
      const auto enabled = config::parse_bool(value);
      if (!enabled) {
        merger.add_issue(
            {.where = fmt::format("{}: label {}", name, key),
             .path = "enable",
             .text = fmt::format("expected true or false, found \"{}\"; the container is left out", value)});
        return false;
      }
      is_enabled = *enabled;
    } else if (key.starts_with(own_prefix)) {
      merger.add_issue({.severity = config::Severity::warning,
                        .where = fmt::format("{}: label {}", name, key),
                        .text = "unknown option"});
    }
  }
  return is_enabled && options.constraints.matches(labels);
}

}  // namespace

Wired build(std::span<const Instance> instances, const BuildOptions& options) {
  struct Sorted {
    std::string name, service;
    const Instance* instance;
  };
  std::vector<Sorted> sorted;
  sorted.reserve(instances.size());
  for (const Instance& instance : instances) {
    std::string service = gotemplate::normalize(instance.name);
    sorted.push_back({fmt::format("{}-{}", service, instance.id), service, &instance});
  }
  std::ranges::sort(sorted, {}, [](const Sorted& s) { return std::tie(s.name, s.instance); });

  Merger merger;
  for (const auto& [name, service, instance] : sorted)
    if (is_let_in(*instance, service, options, merger))
      merger.add(*instance, name, wire(*instance, options.default_rule));
  return merger.finish();
}

}  // namespace fl::providers::container
