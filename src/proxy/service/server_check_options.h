// What HTTP and gRPC health checks read alike from their options (Traefik: healthCheck of a load balancer). Main
// thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/dynamic/configuration.h"
#include "proxy/health_checker.h"

namespace fl::proxy {

// Errors: a port that is none.
Result<HealthCheck::Options> server_check_options(std::string service, std::vector<CheckedServer> servers,
                                                  const config::dynamic::ServerHealthCheck& options);

// Of one probe.
Duration check_timeout(const config::dynamic::ServerHealthCheck& options);

}  // namespace fl::proxy
