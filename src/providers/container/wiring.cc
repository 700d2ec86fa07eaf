#include "providers/container/wiring.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace fl::providers::container {
namespace {

using config::Objects;
using config::dynamic::BrokenObject;

class Wiring {
 public:
  Wiring(const Instance& instance, const gotemplate::Template& default_rule)
      : instance_(instance),
        default_rule_(default_rule),
        decoded_(instance.labels->decoded),
        name_(gotemplate::normalize(instance.name)) {}

  Wired run() {
    out_.configuration = decoded_.configuration;
    for (const auto& object : decoded_.broken)
      for (const auto& issue : object.issues) report(object.kind, object.name, issue);
    for (const auto& issue : decoded_.issues) out_.issues.push_back(named(issue));

    auto& [http, tcp, udp, tls] = out_.configuration;
    const bool is_tcp = is_declared("tcp.routers", tcp.routers) || is_declared("tcp.services", tcp.services);
    const bool is_udp = is_declared("udp.routers", udp.routers) || is_declared("udp.services", udp.services);
    const bool is_http = is_declared("http.routers", http.routers) || is_declared("http.services", http.services) ||
                         is_declared("http.middlewares", http.middlewares);
    if (is_tcp) wire_tcp(tcp);
    if (is_udp) wire_udp(udp);
    if (is_http || !(is_tcp || is_udp)) wire_http(http);
    return std::move(out_);
  }

 private:
  void wire_http(config::dynamic::Http& http) {
    const bool has_routers = is_declared("http.routers", http.routers);
    const auto services = wire_services("http.services", http.services);
    // A label that belongs to nothing may be a router misspelt: no guessing then.
    if (!has_routers && !config::has_errors(decoded_.issues) && http.services.size() == 1 && services.size() == 1)
      http.routers.try_emplace(name_);
    http.routers.keep_if([&](const std::string& name, config::dynamic::Router& router) {
      return (!router.rule.empty() || set_default_rule(name, router)) && link("http.routers", name, router, services);
    });
  }

  void wire_tcp(config::dynamic::Tcp& tcp) {
    const auto services = wire_services("tcp.services", tcp.services);
    tcp.routers.keep_if([&](const std::string& name, config::dynamic::TcpRouter& router) {
      if (router.rule.empty()) return reject("tcp.routers", name, "has no rule; there is no default rule for TCP");
      return link("tcp.routers", name, router, services);
    });
  }

  void wire_udp(config::dynamic::Udp& udp) {
    const auto services = wire_services("udp.services", udp.services);
    udp.routers.keep_if(
        [&](const std::string& name, auto& router) { return link("udp.routers", name, router, services); });
  }

  // Gives every service its server, the default service when none is declared. -> the names routers may be linked to:
  // those of services that turn out wrong as well, so that their router says which one it misses.
  template <class Service>
  std::vector<std::string> wire_services(std::string_view kind, Objects<Service>& services) {
    if (!is_declared(kind, services)) services[name_].load_balancer.emplace();
    std::vector<std::string> names;
    for (const auto& [name, service] : services) names.push_back(name);
    for (const auto& object : decoded_.broken)
      if (object.kind == kind) names.push_back(object.name);
    std::ranges::sort(names);
    services.keep_if([&](const std::string& name, Service& service) {
      const std::string problem =
          service.load_balancer ? add_server(*service.load_balancer) : "load-balancer is not defined";
      return problem.empty() || reject(kind, name, problem);
    });
    return names;
  }

  // -> what is wrong, or nothing.
  template <class LoadBalancer>
  std::string add_server(LoadBalancer& balancer) {
    if (balancer.servers.empty()) balancer.servers.emplace_back();
    auto& server = balancer.servers.front();
    const std::string label = std::exchange(server.port, {});
    if constexpr (requires { server.url; }) {
      const std::string scheme = std::exchange(server.scheme, {});
      if (!server.url.empty())
        return label.empty() && scheme.empty() ? "" : "server.scheme and server.port are not allowed beside server.url";
      return with_port(balancer, label, [&](uint16_t port) {
        server.url = fmt::format("{}://{}", scheme.empty() ? "http" : scheme, host_and_port(instance_.ip, port));
      });
    } else {
      return with_port(balancer, label, [&](uint16_t port) { server.address = host_and_port(instance_.ip, port); });
    }
  }

  template <class LoadBalancer, class Set>
  std::string with_port(LoadBalancer& balancer, const std::string& label, Set set) {
    std::optional<uint16_t> wanted;
    if (!label.empty()) {
      const auto number = parse_uint(label);
      if (!number || *number == 0 || *number > 65535) return fmt::format("\"{}\" is not a port", label);
      wanted = static_cast<uint16_t>(*number);
    }
    const auto port = host_port(instance_, wanted);
    if (!port) return "port is missing: the container maps none and there is no server.port label";
    set(*port);
    if constexpr (requires { balancer.health_check; }) {
      if (balancer.health_check) map_check_port(balancer.health_check->port, *port);
    }
    return {};
  }

  // A health check's port is a container's port as well. The server's own one is left to the server, since replicas on
  // one host have different ones.
  void map_check_port(int64_t& check, uint16_t server) const {
    if (check <= 0 || check > 65535) return;
    const auto mapped = host_port(instance_, static_cast<uint16_t>(check));
    check = *mapped == server ? 0 : *mapped;
  }

  bool set_default_rule(const std::string& name, config::dynamic::Router& router) {
    json::Object labels;
    for (const auto& [key, value] : instance_.labels->labels) labels.emplace_back(key, value);
    auto rule = default_rule_.render(json::Object{{"Name", name_}, {"Labels", std::move(labels)}});
    if (!rule) return reject("http.routers", name, "the default rule: " + rule.error().message);
    if (rule->empty()) return reject("http.routers", name, "has no rule, and the default rule is empty");
    router.rule = *std::move(rule);
    router.from_default_rule = true;
    return true;
  }

  template <class Router>
  bool link(std::string_view kind, const std::string& name, Router& router, const std::vector<std::string>& services) {
    if (!router.service.empty()) return true;
    if (services.size() != 1) {
      std::string list;
      for (const auto& service : services) list += fmt::format("{}\"{}\"", list.empty() ? "" : " ", service);
      return reject(kind, name,
                    fmt::format("Router {} cannot be linked automatically with multiple Services: [{}]", name, list));
    }
    router.service = services.front();
    return true;
  }

  template <class T>
  bool is_declared(std::string_view kind, const Objects<T>& objects) const {
    return !objects.empty() || std::ranges::find(decoded_.broken, kind, &BrokenObject::kind) != decoded_.broken.end();
  }

  // -> false, for whoever asks whether to keep it.
  bool reject(std::string_view kind, const std::string& name, std::string text) {
    report(kind, name, {.path = fmt::format("{}.{}", kind, name), .text = std::move(text)});
    return false;
  }

  void report(std::string_view kind, const std::string& name, config::Issue issue) {
    issue.kind = kind;
    issue.object = name;
    auto& broken = out_.broken;
    auto at = std::ranges::find_if(broken, [&](const auto& o) { return o.kind == kind && o.name == name; });
    if (at == broken.end()) at = broken.insert(at, {std::string(kind), name, {}});
    at->issues.push_back(named(std::move(issue)));
  }

  // The name without the id: replicas make the same mistake, and it is shown once.
  config::Issue named(config::Issue issue) const {
    issue.where = issue.where.empty() ? name_ : fmt::format("{}: {}", name_, issue.where);
    return issue;
  }

  const Instance& instance_;
  const gotemplate::Template& default_rule_;
  const config::dynamic::ReadResult& decoded_;
  const std::string name_;
  Wired out_;
};

}  // namespace

Wired wire(const Instance& instance, const gotemplate::Template& default_rule) {
  return Wiring(instance, default_rule).run();
}

}  // namespace fl::providers::container
