#include "proxy/health_checker.h"

#include <fmt/format.h>

#include "base/log.h"

namespace fl::proxy {

HealthChecker::~HealthChecker() { FL_CHECK(running_.empty() && tasks_.idle()); }

void HealthChecker::set(const HealthChecks& checks) {
  decltype(running_) running;
  for (const auto& check : checks) {
    if (auto known = running_.extract(check)) {
      running.insert(std::move(known));
      continue;
    }
    auto& stop = running[check] = std::make_shared<net::StopSource>();
    for (size_t i = 0; i < check->options().servers.size(); ++i) tasks_.spawn(watch(check, i, stop));
  }
  running_.swap(running);
  for (auto& [_, stop] : running) stop->request_stop();
}

net::Task<> HealthChecker::watch(std::shared_ptr<const HealthCheck> check, size_t server,
                                 std::shared_ptr<net::StopSource> stop) {
  const HealthCheck::Options& options = check->options();
  const CheckedServer& target = options.servers[server];
  bool up = true;
  while (co_await net::sleep_for(up ? options.interval : options.unhealthy_interval, *stop)) {
    const auto well = co_await check->probe(server, *stop);
    if (stop->stop_requested()) break;
    up = well.has_value();
    if (!target.health->set_up(up)) continue;
    if (up)
      log::write(log::Level::info, "health check: the server is up again",
                 {{"serviceName", options.service}, {"targetURL", target.url}});
    else
      log::write(log::Level::warn, fmt::format("health check failed: {}", well.error().message),
                 {{"serviceName", options.service}, {"targetURL", target.url}});
  }
}

}  // namespace fl::proxy
