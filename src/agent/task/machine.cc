#include "agent/task/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fl::agent::task {
namespace {

// An engine that could not stop a container is asked again by the runner; what it could not start or make is not.
bool is_settled(Phase phase) { return phase == Phase::none || phase == Phase::pulled || phase == Phase::created; }

void earliest(std::optional<WallTime>& out, std::optional<WallTime> at) {
  if (at && (!out || *at < *out)) out = at;
}

}  // namespace

std::string_view to_text(Health health) {
  static constexpr std::array<std::string_view, 3> kTexts{"UNKNOWN", "HEALTHY", "UNHEALTHY"};
  return kTexts[static_cast<size_t>(health)];
}

std::string_view to_text(TaskStatus status) {
  static constexpr std::array<std::string_view, 3> kTexts{"PENDING", "RUNNING", "STOPPED"};
  return kTexts[static_cast<size_t>(status)];
}

std::string_view to_text(Phase phase) {
  static constexpr std::array<std::string_view, 8> kTexts{"none",    "pulling",  "pulled",  "creating",
                                                          "created", "starting", "running", "stopped"};
  return kTexts[static_cast<size_t>(phase)];
}

Machine::Machine(const TaskSpec& spec) : spec_(spec), containers_(spec.containers.size()) {}

// ---- facts

void Machine::stop(std::string reason) {
  if (to_stop_) return;
  to_stop_ = true;
  stop_reason_ = std::move(reason);
}

void Machine::pull_ended(size_t i, const Result<>& result, WallTime now) {
  pull_stopped_at = now;
  if (!result) return fail(i, "CannotPullContainerError: " + result.error().message, now);
  containers_[i].phase = Phase::pulled;
}

void Machine::create_ended(size_t i, const Result<std::string>& result, WallTime now) {
  if (!result) return fail(i, "CannotCreateContainerError: " + result.error().message, now);
  containers_[i].phase = Phase::created;
  containers_[i].runtime_id = *result;
}

void Machine::start_ended(size_t i, const Result<engine::Started>& result, WallTime now) {
  if (!result) return fail(i, "CannotStartContainerError: " + result.error().message, now);
  ContainerRecord& container = containers_[i];
  container.phase = Phase::running;
  container.ran = true;
  container.started_at = result->at;
  container.bindings = result->bindings;
  container.address = result->address;
  container.exit_code.reset();
  container.finished_at.reset();
  start_health(i, now);
  if (container.early_exit) exited(i, *std::exchange(container.early_exit, std::nullopt), now);
}

void Machine::start_health(size_t i, WallTime now) {
  ContainerRecord& container = containers_[i];
  container.failed_checks = 0;
  container.health = Health::unknown;
  container.health_since = now;
  container.next_check.reset();
  if (const auto& check = spec_.containers[i].health_check) container.next_check = now + check->interval;
}

void Machine::stop_failed(size_t i) { containers_[i].is_stopping = false; }

bool Machine::wants_restart(size_t i, const engine::Exit& exit) const {
  const RestartPolicy& policy = spec_.containers[i].restart;
  if (!policy.enabled || to_stop_ || std::ranges::count(policy.ignored_exit_codes, exit.code) > 0) return false;
  return exit.at - containers_[i].started_at.value_or(exit.at) >= policy.attempt_period;
}

void Machine::exited(size_t i, const engine::Exit& exit, WallTime now) {
  ContainerRecord& container = containers_[i];
  if (container.phase == Phase::starting) {
    container.early_exit = exit;  // the engine told of the end before it answered the start
    return;
  }
  if (container.phase != Phase::running) return;
  container.is_stopping = false;
  container.exit_code = exit.code;
  container.finished_at = exit.at;
  if (wants_restart(i, exit)) {
    ++container.restart_count;
    container.phase = Phase::created;
    return;
  }
  if (exit.out_of_memory)
    container.reason = "OutOfMemoryError: Container killed due to memory usage";
  else if (!exit.reason.empty())
    container.reason = exit.reason;
  end(i, now);
}

void Machine::fail(size_t i, std::string reason, WallTime now) {
  containers_[i].reason = std::move(reason);
  containers_[i].early_exit.reset();
  end(i, now);
}

void Machine::end(size_t i, WallTime now) {
  ContainerRecord& container = containers_[i];
  container.phase = Phase::stopped;
  container.next_check.reset();
  if (!spec_.containers[i].essential) return;
  if (!execution_stopped_at) execution_stopped_at = now;
  stop(container.ran ? "Essential container in task exited" : "Task failed to start");
}

void Machine::checked(size_t i, bool passed, WallTime now) {
  ContainerRecord& container = containers_[i];
  container.is_checking = false;
  if (container.phase != Phase::running || !spec_.containers[i].health_check) return;
  const HealthCheck& check = *spec_.containers[i].health_check;
  container.next_check = now + check.interval;
  Health health = container.health;
  if (passed) {
    container.failed_checks = 0;
    health = Health::healthy;
  } else if (container.health == Health::unknown && now - container.started_at.value_or(now) < check.start_period) {
    // still warming up: a failure does not count
  } else if (++container.failed_checks >= check.retries) {
    health = Health::unhealthy;
  }
  if (health == container.health) return;
  container.health = health;
  container.health_since = now;
}

// ---- what follows

Machine::Wait Machine::dependency(const Dependency& on, WallTime now, std::string& why) const {
  const ContainerRecord& other = containers_[on.container];
  const ContainerPlan& plan = spec_.containers[on.container];
  const bool has_ended = other.phase == Phase::stopped;
  const auto impossible = [&](std::string_view what) {
    why = fmt::format("dependency on container {} cannot be resolved: {}", plan.name, what);
    return Wait::impossible;
  };
  if (has_ended && !other.ran) return impossible("it did not start");
  bool satisfied = false;
  switch (on.condition) {
    case Condition::start: return other.ran ? Wait::satisfied : Wait::waiting;
    case Condition::complete: satisfied = has_ended; break;
    case Condition::success:
      if (has_ended && other.exit_code != 0) return impossible("it did not exit successfully");
      satisfied = has_ended;
      break;
    case Condition::healthy:
      if (has_ended) return impossible("it ended before it was healthy");
      satisfied = other.phase == Phase::running && other.health == Health::healthy;
      break;
  }
  if (satisfied) return Wait::satisfied;
  if (plan.start_timeout && other.started_at && now - *other.started_at >= *plan.start_timeout)
    return impossible("its startTimeout has passed");
  return Wait::waiting;
}

Machine::Wait Machine::dependencies(size_t i, WallTime now, std::string& why) const {
  Wait all = Wait::satisfied;
  for (const Dependency& on : spec_.containers[i].depends_on) {
    const Wait one = dependency(on, now, why);
    if (one == Wait::impossible) return one;
    if (one == Wait::waiting) all = one;
  }
  return all;
}

// A container stops only after those that depend on it.
bool Machine::may_stop(size_t i) const {
  for (size_t other = 0; other < containers_.size(); ++other) {
    if (containers_[other].phase == Phase::stopped) continue;
    for (const Dependency& on : spec_.containers[other].depends_on)
      if (on.container == i) return false;
  }
  return true;
}

void Machine::progress(WallTime now, std::vector<Action>& out) {
  for (size_t i = 0; i < containers_.size() && !to_stop_; ++i) {
    ContainerRecord& container = containers_[i];
    if (container.phase == Phase::none) {
      std::string why;
      const Wait wait = dependencies(i, now, why);
      // The task cannot become what was asked for, whether or not this container is essential.
      if (wait == Wait::impossible) {
        fail(i, why, now);
        stop("Task failed to start");
      }
      if (wait != Wait::satisfied) continue;
      if (!pull_started_at) pull_started_at = now;
      container.phase = Phase::pulling;
      out.push_back({Action::Kind::pull, i});
    } else if (container.phase == Phase::pulled) {
      container.phase = Phase::creating;
      out.push_back({Action::Kind::create, i});
    } else if (container.phase == Phase::created) {
      container.phase = Phase::starting;
      out.push_back({Action::Kind::start, i});
    } else if (container.phase == Phase::running && !container.is_checking && container.next_check &&
               *container.next_check <= now) {
      container.is_checking = true;
      out.push_back({Action::Kind::check, i});
    }
  }
}

void Machine::wind_down(WallTime now, std::vector<Action>& out) {
  // One that ends here may let another one stop: over and over until nothing changes.
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < containers_.size(); ++i) {
      ContainerRecord& container = containers_[i];
      if (is_settled(container.phase) && may_stop(i)) {
        end(i, now);
        changed = true;
      } else if (container.phase == Phase::running && !container.is_stopping && may_stop(i)) {
        container.is_stopping = true;
        out.push_back({Action::Kind::stop, i});
      }
    }
  }
}

std::vector<Action> Machine::take_actions(WallTime now) {
  std::vector<Action> out;
  if (!to_stop_) progress(now, out);
  if (to_stop_) wind_down(now, out);
  return out;
}

std::optional<WallTime> Machine::wake_at() const {
  std::optional<WallTime> at;
  if (to_stop_) return at;
  for (size_t i = 0; i < containers_.size(); ++i) {
    const ContainerRecord& container = containers_[i];
    if (container.phase == Phase::running && !container.is_checking) earliest(at, container.next_check);
    if (container.phase != Phase::none) continue;
    for (const Dependency& on : spec_.containers[i].depends_on) {
      const auto& timeout = spec_.containers[on.container].start_timeout;
      const auto& started = containers_[on.container].started_at;
      if (timeout && started) earliest(at, *started + *timeout);
    }
  }
  return at;
}

TaskStatus Machine::status() const {
  bool all_stopped = true, all_ran = true;
  for (const ContainerRecord& container : containers_) {
    all_stopped = all_stopped && container.phase == Phase::stopped;
    all_ran = all_ran && (container.phase == Phase::running || container.phase == Phase::stopped || container.ran);
  }
  if (all_stopped) return TaskStatus::stopped;
  // A task that ends before it was whole never was RUNNING.
  if (to_stop_) return reported == TaskStatus::running ? TaskStatus::running : TaskStatus::pending;
  return all_ran ? TaskStatus::running : TaskStatus::pending;
}

Health Machine::health() const {
  Health all = Health::healthy;
  bool any = false;
  for (size_t i = 0; i < containers_.size(); ++i) {
    if (!spec_.containers[i].essential || !spec_.containers[i].health_check) continue;
    any = true;
    if (containers_[i].health == Health::unhealthy) return Health::unhealthy;
    if (containers_[i].health == Health::unknown) all = Health::unknown;
  }
  return any ? all : Health::unknown;
}

void Machine::restore(std::vector<ContainerRecord> containers, bool to_stop, std::string stop_reason) {
  containers_ = std::move(containers);
  to_stop_ = to_stop;
  stop_reason_ = std::move(stop_reason);
  for (ContainerRecord& container : containers_) {
    if (container.phase == Phase::pulling) container.phase = Phase::none;
    if (container.phase == Phase::creating) container.phase = Phase::pulled;
    if (container.phase == Phase::starting) container.phase = Phase::created;
  }
}

}  // namespace fl::agent::task
