// Asks servers whether they are well, each in its own rhythm, and tells their ServerHealth (Traefik: healthCheck).
// Main thread. What is asked and how is a HealthCheck's business: HTTP, gRPC and TCP services each have theirs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/stop.h"
#include "net/task.h"
#include "proxy/service/health.h"

namespace fl::proxy {

// How the servers of one service are checked. Immutable; one that a new configuration takes over goes on undisturbed.
class HealthCheck {
 public:
  struct Options {
    std::string service;  // "app@file", for the log
    Duration interval = 30s;
    Duration unhealthy_interval = 30s;  // while a server is down
    std::vector<CheckedServer> servers;
  };
  explicit HealthCheck(Options options) : options_(std::move(options)) {}
  virtual ~HealthCheck() = default;
  const Options& options() const { return options_; }

  // Asks options().servers[server] once, within the check's own timeout. Errors: what is wrong with it.
  virtual net::Task<Result<>> probe(size_t server, net::StopToken stop) const = 0;

 private:
  const Options options_;
};
using HealthChecks = std::vector<std::shared_ptr<const HealthCheck>>;

class HealthChecker {
 public:
  HealthChecker() = default;
  ~HealthChecker();  // after stop(), once idle()
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  // Checks that were not there before begin, with a first probe after one interval, as in Traefik; those that are no
  // longer there end.
  void set(const HealthChecks& checks);
  void stop() { set({}); }
  bool idle() const { return tasks_.idle(); }

 private:
  net::Task<> watch(std::shared_ptr<const HealthCheck> check, size_t server, std::shared_ptr<net::StopSource> stop);

  std::map<std::shared_ptr<const HealthCheck>, std::shared_ptr<net::StopSource>> running_;
  net::TaskScope tasks_;
};

}  // namespace fl::proxy
