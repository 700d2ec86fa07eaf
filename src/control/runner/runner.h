// Makes the world follow the state: after every commit it plans the services that the change concerns, and does what
// falls due: drains that end, retries, lost instances, forgetting what is old. Nothing is looked at that did not change
// and is not due. Control thread; lives as long as the writer's loop runs.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/time.h"
#include "control/runner/due.h"
#include "control/state/writer.h"

namespace fl::control::runner {

struct RunnerOptions {
  std::optional<Duration> lost_after = 90s;  // nullopt: for ever, as on AWS
};

class Runner {
 public:
  Runner(state::Writer& writer, RunnerOptions options = {});

  // Takes up what was loaded: agents are away until they come back, every service is looked at once.
  void start();

  static constexpr Duration kKeepStopped = 1h;  // tasks, and services, clusters and instances that are INACTIVE
  static constexpr Duration kKeepTokens = 24h;
  static constexpr Duration kRetry = 1s;  // after a plan that could not be kept

 private:
  enum class Chore : uint8_t {
    plan,
    end_drain,
    forget_task,
    forget_token,
    forget_service,
    forget_cluster,
    forget_instance
  };
  using Key = std::tuple<Chore, state::Scope, std::string, std::string>;  // cluster or action; name, id or token

  void on_commit(const state::Commit& commit);
  void on_change(const state::Partition& state, const state::Scope& scope, const state::Change& change);
  void on_task(const state::Partition& state, const state::Scope& scope, const state::Task& task);
  void mark(const state::Scope& scope, const std::string& cluster, const std::string& service);
  void mark_services(const state::Partition& state, const state::Scope& scope, const std::string& cluster,
                     bool only_unplaced);
  void plan_marked();
  void plan(const Key& key);
  void on_due(const Key& key);
  void watch_oldest(const state::Partition& state, const state::Scope& scope);
  void set_forget(Chore chore, const state::Scope& scope, const std::string& cluster, const std::string& name,
                  WallTime since);

  state::Writer& writer_;
  const RunnerOptions options_;
  std::set<Key> marked_;  // services to plan
  DueQueue<Key> due_;
};

}  // namespace fl::control::runner
