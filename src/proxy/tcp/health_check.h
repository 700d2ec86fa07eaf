// Asks TCP servers whether they are well: connect, send a text, expect a text (Traefik: tcp loadBalancer healthCheck).
// Main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/resolver.h"
#include "proxy/health_checker.h"
#include "proxy/tcp/transport.h"

namespace fl::proxy::tcp {

class HealthCheck final : public proxy::HealthCheck {
 public:
  struct Probe {
    uint16_t port = 0;         // 0: the server's
    std::string send, expect;  // without both, a connection is enough
    Duration timeout = 5s;
  };
  // `servers` stand beside those of the options. `resolver` may be null where nothing is ever probed.
  HealthCheck(Options options, std::vector<Server> servers, std::shared_ptr<const Transport> transport, Probe probe,
              net::Resolver* resolver);

  net::Task<Result<>> probe(size_t server, net::StopToken stop) const override;

 private:
  std::vector<Server> servers_;  // with the port of the probe
  Transport transport_;          // with its timeout
  const Probe probe_;
  net::Resolver* resolver_;
};

}  // namespace fl::proxy::tcp
