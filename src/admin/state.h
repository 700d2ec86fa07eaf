// What the API shows: facts that stand from the start, and what became of the newest configuration. One for the whole
// program: main writes, handlers on every worker read. Behind a mutex, because nobody asks often.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/fields.h"
#include "config/static/configuration.h"
#include "proxy/runtime_report.h"

namespace fl::admin {

struct Facts {
  config::statics::Configuration configuration;
  std::string version;
  std::string codename;
  WallTime start;
  config::Map<std::string> listening;  // entry point -> "0.0.0.0:8080", what its port 0 became included
};

// How one source of a provider does: a file, a cluster.
struct SourceStatus {
  std::string provider;
  std::string source;
  std::string error;                     // of the last attempt; empty: it went well
  std::optional<WallTime> last_success;  // absent: never
};

class State {
 public:
  explicit State(Facts facts);

  const Facts& facts() const { return facts_; }

  void publish(std::shared_ptr<const proxy::RuntimeReport> report);
  // Never null, and neither is its configuration: empty until something is published.
  std::shared_ptr<const proxy::RuntimeReport> report() const;

  void set_sources(std::vector<SourceStatus> sources);
  std::vector<SourceStatus> sources() const;

 private:
  const Facts facts_;
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<const proxy::RuntimeReport> report_;
  std::vector<SourceStatus> sources_;
};

}  // namespace fl::admin
