// Asks the servers of an HTTP load balancer by a call of grpc.health.v1.Health/Check for the server as a whole
// (Traefik: healthCheck, mode grpc), on a connection of its own each time. Main thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/dynamic/http.h"
#include "net/resolver.h"
#include "proxy/health_checker.h"
#include "proxy/tcp/transport.h"

namespace fl::proxy {

class GrpcHealthCheck final : public HealthCheck {
 public:
  // What is asked of each of the servers, beside the others; `resolver` may be null where nothing is ever probed.
  // Errors: a server's URL or the port cannot be.
  static Result<std::shared_ptr<const GrpcHealthCheck>> make(std::string service, std::vector<CheckedServer> servers,
                                                             const config::dynamic::ServerHealthCheck& options,
                                                             net::Resolver* resolver,
                                                             std::shared_ptr<const tls::ClientContext> tls);

  // Errors: the server cannot be reached, does not know the call, or is not SERVING.
  net::Task<Result<>> probe(size_t server, net::StopToken stop) const override;

  GrpcHealthCheck(Options options, net::Resolver* resolver) : HealthCheck(std::move(options)), resolver_(resolver) {}

 private:
  struct Target {
    tcp::Server server;
    std::string authority;
  };

  net::Resolver* resolver_;
  std::vector<Target> targets_;  // one a server
  tcp::Transport transport_;     // with the check's timeout
};

// What a grpc.health.v1.HealthCheckResponse message, with its five bytes in front, says. Errors: not SERVING, or no
// such message.
Result<> judge_health_response(std::string_view message);

}  // namespace fl::proxy
