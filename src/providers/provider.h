// What a source of dynamic configuration is. Everything here runs on the main thread's loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/dynamic/configuration.h"
#include "config/dynamic/read.h"
#include "config/issue.h"
#include "net/stop.h"
#include "net/task.h"

namespace fl::providers {

// All that one provider knows: it replaces what the provider sent before.
struct Message {
  std::string provider;  // the name behind the @: "file", "ecs"
  std::shared_ptr<const config::dynamic::Configuration> configuration;
  std::vector<config::dynamic::BrokenObject> broken;  // objects left out of it, with their reasons
  std::vector<config::Issue> issues;                  // what belongs to no object, and warnings
};

class Sink {
 public:
  virtual void send(Message message) = 0;

 protected:
  ~Sink() = default;
};

// How one of a provider's sources does: a file, a cluster.
struct SourceStatus {
  std::string source;
  std::string error;                     // of the last attempt; empty: it went well
  std::optional<WallTime> last_success;  // absent: never
};

class Provider {
 public:
  virtual ~Provider() = default;

  virtual std::string_view name() const = 0;
  // Sends the whole configuration at first and at every change, until asked to stop. Awaited once. A source that fails
  // leaves what was sent before in force.
  virtual net::Task<void> run(Sink& sink, net::StopToken stop) = 0;
  // For the API and metrics.
  virtual std::vector<SourceStatus> status() const = 0;
  // Looks again now (SIGHUP).
  virtual void reload() {}
};

}  // namespace fl::providers
