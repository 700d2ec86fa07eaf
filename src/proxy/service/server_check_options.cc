#include "proxy/service/server_check_options.h"

#include <fmt/format.h>

#include <utility>

namespace fl::proxy {
namespace {

Duration or_default(Duration configured, Duration standard) { return configured > 0s ? configured : standard; }

}  // namespace

Result<HealthCheck::Options> server_check_options(std::string service, std::vector<CheckedServer> servers,
                                                  const config::dynamic::ServerHealthCheck& options) {
  if (options.port < 0 || options.port > 65535)
    return fail(Code::invalid, fmt::format("healthCheck.port {}: ports are 1 to 65535", options.port));
  const Duration interval = or_default(options.interval, 30s);
  return HealthCheck::Options{.service = std::move(service),
                              .interval = interval,
                              .unhealthy_interval = or_default(options.unhealthy_interval.value_or(interval), interval),
                              .servers = std::move(servers)};
}

Duration check_timeout(const config::dynamic::ServerHealthCheck& options) { return or_default(options.timeout, 5s); }

}  // namespace fl::proxy
