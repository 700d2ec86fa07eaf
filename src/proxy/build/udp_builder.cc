#include "proxy/build/udp_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "config/dynamic/kinds.h"
#include "proxy/build/server_address.h"

namespace fl::proxy {

Result<udp::ServicePtr> UdpBuilder::get(const std::string& name) {
  if (const auto done = built_.find(name); done != built_.end()) return done->second;
  const auto it = configuration_.udp.services.find(name);
  if (it == configuration_.udp.services.end())
    return fail(Code::not_found, fmt::format("the UDP service \"{}\" does not exist", name));
  if (!building_.insert(name).second)
    return fail(Code::invalid, fmt::format("the UDP service \"{}\" contains itself", name));
  auto service = build(name, it->second);
  building_.erase(name);
  if (!service) report_.udp.services[name].disable(service.error().message);
  return built_.emplace(name, std::move(service)).first->second;
}

Result<udp::ServicePtr> UdpBuilder::build(const std::string& name, const config::dynamic::UdpService& service) {
  ServiceReport& report = report_.udp.services[name];
  const auto type = config::dynamic::kind_of(service);
  if (!type) return fail(Code::invalid, fmt::format("the UDP service \"{}\" {}", name, type.error().message));
  report.type = to_lower(*type);
  if (service.load_balancer) {
    std::vector<udp::Server> servers;
    for (const auto& server : service.load_balancer->servers) {
      auto address = parse_server_address(server.address);
      if (!address) {  // Traefik: the others serve
        report.warn(std::move(address).error().message);
        continue;
      }
      report.servers.emplace_back(server.address, nullptr);
      servers.push_back({.host = std::move(address->host), .port = address->port, .address = server.address});
    }
    return std::make_shared<udp::LoadBalancer>(name, std::move(servers),
                                               kept_cursor(cursors_, name, inputs_.balancer_slots));
  }
  std::vector<udp::ServicePtr> children;
  std::vector<int64_t> weights;
  for (const auto& child : service.weighted->services) {
    FL_TRY(udp::ServicePtr built, get(child.name));
    children.push_back(std::move(built));
    weights.push_back(child.weight);
  }
  return std::make_shared<udp::Weighted>(name, std::move(children), weights,
                                         kept_cursor(cursors_, name, inputs_.balancer_slots));
}

Result<udp::ServicePtr> UdpBuilder::router(const std::string& name, const config::dynamic::UdpRouter& options) {
  FL_TRY_VOID(find_entry_points(options.entry_points, inputs_.udp_entry_points, report_.udp.routers[name]));
  if (options.service.empty()) return fail(Code::invalid, "the service is missing on the udp router");
  return get(options.service);
}

// An entry point has one router. Of several the one whose name comes last counts (Traefik).
std::vector<UdpEntryPointSnapshot> UdpBuilder::build_all() {
  std::vector<UdpEntryPointSnapshot> out(inputs_.udp_entry_points.size());
  const auto& routers = configuration_.udp.routers;
  for (auto it = routers.end(); it != routers.begin();) {
    const auto& [name, options] = *--it;
    RouterReport& report = report_.udp.routers[name];
    const auto service = router(name, options);
    if (!service) {
      report.disable(service.error().message);
      continue;
    }
    for (const std::string& entry_point : report.using_) {
      const auto index = std::ranges::find(inputs_.udp_entry_points, entry_point) - inputs_.udp_entry_points.begin();
      UdpEntryPointSnapshot& snapshot = out[static_cast<size_t>(index)];
      if (snapshot.service != nullptr) {
        report.warn(
            fmt::format("the entry point {} has more than one UDP router; {} is used", entry_point, snapshot.router));
        continue;
      }
      snapshot = {.router = name, .service = *service};
    }
  }
  for (const auto& [name, _] : configuration_.udp.services) (void)get(name);  // unused ones are shown too
  return out;
}

}  // namespace fl::proxy
