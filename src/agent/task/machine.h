// The life of one task as a pure function: facts in (what was asked, what the engine did, what time it is), actions
// out. No I/O, no clock of its own. One owner, the task's runner. Sources: ECS developer guide "Task lifecycle",
// "Container dependencies"; amazon-ecs-agent's dependencygraph for what the guide leaves open.
//
//   container:  none -> pulling -> pulled -> creating -> created -> starting -> running -> stopped
//                 \________\__________\__________\___________\_________\ failed: stopped with a reason
//   A stopped one is started again by its restart policy. Stopping never interrupts an action; it waits for it.
//
//   task:       PENDING -> RUNNING (every container runs, or has run and ended) -> STOPPED (every container has
//   stopped)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/engine.h"
#include "agent/task/spec.h"
#include "base/time.h"

namespace fl::agent::task {

enum class Phase : uint8_t { none, pulling, pulled, creating, created, starting, running, stopped };
enum class Health : uint8_t { unknown, healthy, unhealthy };
enum class TaskStatus : uint8_t { pending, running, stopped };

std::string_view to_text(Health health);
std::string_view to_text(TaskStatus status);
std::string_view to_text(Phase phase);

// What is known of one container. Kept on disk but for what `is_stopping` and below say.
struct ContainerRecord {
  Phase phase = Phase::none;
  std::string runtime_id;
  std::optional<WallTime> started_at;  // last time
  std::optional<WallTime> finished_at;
  std::vector<engine::PortBinding> bindings;
  std::string address;  // as engine::Started has it
  std::optional<int> exit_code;
  std::string reason;
  int restart_count = 0;
  bool ran = false;  // it reached running at least once
  Health health = Health::unknown;
  std::optional<WallTime> health_since;
  // What the control plane has acknowledged.
  bool running_reported = false, stopped_reported = false;

  bool is_stopping = false;  // an engine call to stop it is on its way
  bool is_checking = false;
  int failed_checks = 0;  // in a row
  std::optional<WallTime> next_check;
  std::optional<engine::Exit> early_exit;
};

struct Action {
  enum class Kind : uint8_t { pull, create, start, stop, check };
  Kind kind;
  size_t container;
  bool operator==(const Action&) const = default;
};

class Machine {
 public:
  // `spec` outlives the machine.
  explicit Machine(const TaskSpec& spec);

  // ---- facts
  // The task is to end. The first reason stays.
  void stop(std::string reason);
  void pull_ended(size_t container, const Result<>& result, WallTime now);
  void create_ended(size_t container, const Result<std::string>& result, WallTime now);
  void start_ended(size_t container, const Result<engine::Started>& result, WallTime now);
  // The engine could not stop it; it is tried again.
  void stop_failed(size_t container);
  void exited(size_t container, const engine::Exit& exit, WallTime now);
  void checked(size_t container, bool passed, WallTime now);

  // ---- what follows: actions not yet on their way, which are taken to be from now on
  std::vector<Action> take_actions(WallTime now);
  // When take_actions() should be asked again though nothing happened.
  std::optional<WallTime> wake_at() const;

  TaskStatus status() const;
  bool is_to_stop() const { return to_stop_; }
  const std::string& stop_reason() const { return stop_reason_; }
  const std::vector<ContainerRecord>& containers() const { return containers_; }
  ContainerRecord& container(size_t i) { return containers_[i]; }
  const TaskSpec& spec() const { return spec_; }
  Health health() const;

  std::optional<WallTime> pull_started_at, pull_stopped_at;  // of all images
  std::optional<WallTime> execution_stopped_at;              // when the first essential container ended
  TaskStatus reported = TaskStatus::pending;                 // what the control plane has acknowledged

  // ---- after a restart: `containers` as they were kept, is_to_stop() likewise. What was under way is tried again.
  void restore(std::vector<ContainerRecord> containers, bool to_stop, std::string stop_reason);

 private:
  enum class Wait : uint8_t { satisfied, waiting, impossible };
  Wait dependencies(size_t container, WallTime now, std::string& why) const;
  Wait dependency(const Dependency& on, WallTime now, std::string& why) const;
  bool may_stop(size_t container) const;
  void fail(size_t container, std::string reason, WallTime now);
  void end(size_t container, WallTime now);
  bool wants_restart(size_t container, const engine::Exit& exit) const;
  void start_health(size_t container, WallTime now);
  void progress(WallTime now, std::vector<Action>& out);
  void wind_down(WallTime now, std::vector<Action>& out);

  const TaskSpec& spec_;
  std::vector<ContainerRecord> containers_;
  bool to_stop_ = false;
  std::string stop_reason_;
};

}  // namespace fl::agent::task
