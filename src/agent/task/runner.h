// Runs one task: its machine's actions against the engine, the engine's answers back into the machine, every change
// onto disk and to whom it concerns. Agent thread; from the payload (or a restart) until the task is cleaned up.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/engine/engine.h"
#include "agent/task/machine.h"
#include "agent/task/store.h"
#include "net/loop.h"
#include "net/stop.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace fl::agent::task {

struct RunnerOptions {
  engine::PullBehavior pull = engine::PullBehavior::default_;
  Duration cleanup_wait = 3h;  // stopped containers and their logs stay that long
};

class Runner;

// Whom a task's changes concern. Called often; does what it has to later.
class RunnerListener {
 public:
  virtual void on_task_changed(Runner& runner) = 0;  // there is something to report, or health has changed
  virtual void on_task_gone(Runner& runner) = 0;     // cleaned up; the last call

 protected:
  ~RunnerListener() = default;
};

class Runner {
 public:
  // What is given outlives the runner. `record` is that of a new task, or what was kept of one.
  Runner(net::Loop& loop, engine::Engine& engine, TaskStore& store, const Surroundings& surroundings,
         const RunnerOptions& options, RunnerListener& listener, TaskSpec spec, TaskRecord record);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Looks at what the engine has of it and goes on from there. Errors: the record cannot be kept.
  net::Task<Result<>> begin();
  // Ends what goes on without ending the task; the engine has been closed.
  net::Task<> close();

  void stop(std::string reason);
  // -> the container is of this task
  bool on_exit(const std::string& runtime_id, const engine::Exit& exit);

  const Machine& machine() const { return machine_; }
  const TaskSpec& spec() const { return spec_; }
  const Surroundings& surroundings() const { return surroundings_; }
  const std::string& metadata_id(size_t container) const { return record_.metadata_ids[container]; }
  const std::string& name_suffix() const { return record_.name_suffix; }
  bool owns(const std::string& runtime_id) const;

  // ---- for who reports: is there anything, and that it has been taken note of
  bool has_news() const;
  // What was told: of each container whether it was said to run and to have stopped, and the task's status.
  struct Told {
    std::vector<std::pair<bool, bool>> containers;  // running, stopped
    TaskStatus task;
  };
  void mark_reported(const Told& told);

 private:
  net::Task<Result<>> look_again(size_t container);
  void step();
  void step_once();
  net::Task<> perform(Action action);
  net::Task<> pull(size_t container);
  net::Task<> create(size_t container);
  net::Task<> start(size_t container);
  net::Task<> stop_container(size_t container);
  net::Task<> check(size_t container);
  net::Task<bool> end_in_engine();
  net::Task<> clean_up();
  net::Task<Result<>> make_volumes();
  Result<> save();
  void arm_timer();
  WallTime now() const { return loop_.wall(); }

  net::Loop& loop_;
  engine::Engine& engine_;
  TaskStore& store_;
  const Surroundings& surroundings_;
  const RunnerOptions& options_;
  RunnerListener& listener_;
  const TaskSpec spec_;
  TaskRecord record_;
  Machine machine_;

  bool is_stepping_ = false, step_again_ = false, is_closing_ = false, is_cleaning_ = false;
  std::string saved_;  // what is on disk
  net::StopSource closing_;
  net::TaskScope work_;
  struct WakeTimer : net::Timer {
    Runner& runner;
    explicit WakeTimer(Runner& r) : net::Timer(&Runner::on_wake), runner(r) {}
  } wake_;
  static void on_wake(net::Timer& timer);
};

// The record of a task that is new: with fresh random names.
TaskRecord new_record(const ecs::agent::Task& task, size_t containers);

}  // namespace fl::agent::task
