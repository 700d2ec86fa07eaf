// A cluster for tests of the planner: services, tasks and instances as a control plane keeps them, agents that start
// and stop tasks as time goes by, and a runner that asks for plans exactly when reconcile.h says it must, and applies
// them. It checks what must hold at every step: room, constraints, percentages, and that a plan applied leaves nothing
// to do.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "control/reconcile/percentages.h"
#include "control/reconcile/reconcile.h"
#include "control/schedule/fit.h"

namespace fl::control::reconcile {

// What a deployment's image does.
enum class Image : uint8_t { good, crashes, exits, sick };

struct SimulatedDeployment {
  std::string id;
  WallTime created_at;
  schedule::TaskDemand demand;
  bool has_health_check = false;
  Image image = Image::good;
  DeploymentState state;
};

struct SimulatedTask {
  std::string id;
  std::string name;  // t1, t2, ... for texts
  std::string deployment;
  std::string instance;
  TaskStatus status = TaskStatus::pending;
  bool is_desired_running = true;
  TaskHealth health = TaskHealth::unknown;
  WallTime created_at;
  std::optional<WallTime> started_at, healthy_at, stopped_at, stopping_at, protected_until;
  StopCode stop_code = StopCode::essential_container_exited;
  std::string stopped_reason;
  bool is_settled = false;
  Image image = Image::good;
  Duration start_takes{}, stop_takes{}, check_takes{};

  bool is_live() const { return status != TaskStatus::stopped; }
};

struct SimulatedService {
  std::string name;
  ServiceView settings;  // without deployments and tasks
  std::vector<SimulatedDeployment> deployments;
  std::deque<SimulatedTask> tasks;
  bool is_gone = false;
  bool is_dirty = true;
  std::optional<WallTime> wakeup;

  SimulatedDeployment& primary() {
    return *std::ranges::find_if(deployments,
                                 [](const auto& d) { return d.state.status == DeploymentStatus::primary; });
  }
  SimulatedTask& task(std::string_view id_or_name) {
    const auto at =
        std::ranges::find_if(tasks, [&](const auto& t) { return t.id == id_or_name || t.name == id_or_name; });
    EXPECT_NE(at, tasks.end()) << id_or_name;
    return *at;
  }
  int live() const { return static_cast<int>(std::ranges::count_if(tasks, &SimulatedTask::is_live)); }
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed) {}

  std::optional<Duration> lost_after;
  std::function<void(const SimulatedService&, const std::string&)> on_event = [](const auto&, const auto&) {};
  std::function<Duration(Duration)> vary = [](Duration usual) { return usual; };  // how long an agent really takes

  WallTime now() const { return now_; }
  std::map<std::string, SimulatedService>& services() { return services_; }
  schedule::Capacity& capacity() { return capacity_; }
  const std::map<std::string, schedule::InstanceView>& instances() const { return instances_; }

  void put_instance(schedule::InstanceView view) {
    capacity_.put_instance(view);
    const std::string id = view.id;
    instances_[id] = std::move(view);
    touch_all();
  }
  void remove_instance(const std::string& id) {
    instances_.erase(id);
    capacity_.remove_instance(id);
    touch_all();
  }
  void set_connected(const std::string& id, bool is_connected) {
    schedule::InstanceView view = instances_.at(id);
    if (view.agent_connected == is_connected) return;
    view.agent_connected = is_connected;
    view.disconnected_since = is_connected ? std::nullopt : std::optional(now_);
    put_instance(std::move(view));
  }
  void set_status(const std::string& id, schedule::InstanceStatus status) {
    schedule::InstanceView view = instances_.at(id);
    view.status = status;
    put_instance(std::move(view));
  }

  SimulatedService& add_service(ServiceView settings, std::string name, SimulatedDeployment first) {
    SimulatedService& service = services_[name];
    service.name = std::move(name);
    service.settings = std::move(settings);
    deploy(service, std::move(first));
    return service;
  }
  void deploy(SimulatedService& service, SimulatedDeployment next) {
    for (SimulatedDeployment& deployment : service.deployments) deployment.state.status = DeploymentStatus::active;
    next.id = fmt::format("ecs-svc/{}", ++last_deployment_);
    next.created_at = now_;
    next.demand.group = "service:" + service.name;
    service.deployments.insert(service.deployments.begin(), std::move(next));
    service.is_dirty = true;
  }
  void stop_by_user(SimulatedService& service, SimulatedTask& task) {
    task.is_desired_running = false;
    task.stopping_at = now_;
    task.stop_code = StopCode::user_initiated;
    service.is_dirty = true;
  }
  void protect(SimulatedService& service, SimulatedTask& task, Duration time) {
    task.protected_until = now_ + time;
    service.is_dirty = true;
  }
  void end(SimulatedService& service, SimulatedTask& task, StopCode code) {
    task.status = TaskStatus::stopped;
    task.stopped_at = now_;
    if (task.is_desired_running) task.stop_code = code;
    task.is_desired_running = false;
    capacity_.remove_task(task.id);
    service.is_dirty = true;
    for (auto& [name, other] : services_)
      if (other.settings.state.placement_failure) other.is_dirty = true;
  }
  void set_health(SimulatedService& service, SimulatedTask& task, TaskHealth health) {
    task.health = health;
    if (health == TaskHealth::healthy) task.healthy_at = now_;
    service.is_dirty = true;
  }

  // Lets the runner do what is due now.
  void settle() {
    for (auto& [name, service] : services_) {
      for (int rounds = 0; !service.is_gone && is_due(service); ++rounds) {
        ASSERT_LT(rounds, 10) << name << " does not come to rest at " << seconds();
        plan(service);
      }
    }
  }
  // Lets time go by, a second at a time; agents act, then the runner.
  void run(Duration time) {
    settle();
    for (const WallTime end = now_ + time; now_ < end;) {
      now_ += 1s;
      for (auto& [name, service] : services_)
        for (SimulatedTask& task : service.tasks)
          if (task.is_live()) act(service, task);
      settle();
    }
  }
  // A plan for a view made by hand, which nobody applies.
  Plan plan_for(const ServiceView& view, WallTime at) { return reconcile(view, {capacity_, random_, lost_after}, at); }

  int64_t seconds() const { return std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count(); }

  // Healthy tasks as the percentages count them: for a DAEMON service, instances where it is wanted and served.
  int healthy(SimulatedService& service) {
    std::set<std::string> served;
    int count = 0;
    for (const SimulatedTask& task : service.tasks) {
      if (!is_healthy(service, task) || !is_wanted_at(service, task)) continue;
      ++count;
      served.insert(task.instance);
    }
    return is_daemon(service) ? static_cast<int>(served.size()) : count;
  }
  static bool is_daemon(const SimulatedService& service) {
    return service.settings.scheduling == SchedulingStrategy::daemon;
  }

 private:
  class SeededRandom final : public schedule::Random {
   public:
    explicit SeededRandom(uint64_t seed) : engine_(seed) {}
    uint64_t next() override { return engine_(); }

   private:
    std::mt19937_64 engine_;
  };

  void touch_all() {
    for (auto& [name, service] : services_) service.is_dirty = true;
  }
  bool is_due(const SimulatedService& service) const {
    return service.is_dirty || (service.wakeup && *service.wakeup <= now_);
  }

  bool is_healthy(const SimulatedService& service, const SimulatedTask& task) const {
    if (!task.is_live() || !task.is_desired_running || task.status != TaskStatus::running) return false;
    const auto at = capacity_.find_instance(task.instance);
    if (at == nullptr) return false;
    if (task.health == TaskHealth::unhealthy) return false;
    const auto deployment = std::ranges::find(service.deployments, task.deployment, &SimulatedDeployment::id);
    return task.health == TaskHealth::healthy || !deployment->has_health_check;
  }

  // What the task's agent does about it at this moment.
  void act(SimulatedService& service, SimulatedTask& task) {
    const auto instance = instances_.find(task.instance);
    if (instance == instances_.end() || !instance->second.agent_connected) return;
    if (!task.is_desired_running) {
      if (now_ >= *task.stopping_at + task.stop_takes) end(service, task, task.stop_code);
    } else if (task.status == TaskStatus::pending) {
      if (now_ < task.created_at + task.start_takes) return;
      if (task.image == Image::crashes) return end(service, task, StopCode::task_failed_to_start);
      task.status = TaskStatus::running;
      task.started_at = now_;
      service.is_dirty = true;
    } else if (now_ >= *task.started_at + task.check_takes) {
      if (task.image == Image::exits) return end(service, task, StopCode::essential_container_exited);
      const auto deployment = std::ranges::find(service.deployments, task.deployment, &SimulatedDeployment::id);
      if (!deployment->has_health_check || task.health != TaskHealth::unknown) return;
      set_health(service, task, task.image == Image::sick ? TaskHealth::unhealthy : TaskHealth::healthy);
    }
  }

  ServiceView view_of(const SimulatedService& service) const {
    ServiceView view = service.settings;
    view.name = service.name;
    for (const SimulatedDeployment& d : service.deployments)
      view.deployments.push_back({d.id, d.created_at, &d.demand, d.has_health_check, d.state});
    for (const SimulatedTask& t : service.tasks) {
      if (t.is_settled) continue;
      const auto deployment = std::ranges::find(service.deployments, t.deployment, &SimulatedDeployment::id);
      view.tasks.push_back({.id = t.id,
                            .instance = t.instance,
                            .deployment = static_cast<uint32_t>(deployment - service.deployments.begin()),
                            .status = t.status,
                            .is_desired_running = t.is_desired_running,
                            .health = t.health,
                            .created_at = t.created_at,
                            .started_at = t.started_at,
                            .healthy_at = t.healthy_at,
                            .stopped_at = t.stopped_at,
                            .protected_until = t.protected_until,
                            .stop_code = t.stop_code});
    }
    return view;
  }

  void plan(SimulatedService& service) {
    const int healthy_before = healthy(service);
    const std::string primary_before = service.primary().id;
    const Plan plan = reconcile(view_of(service), {capacity_, random_, lost_after}, now_);
    service.is_dirty = false;
    service.wakeup = plan.next_wakeup;
    apply(service, plan);
    check(service, plan, service.primary().id == primary_before ? healthy_before : 0);
    if (service.is_gone || is_due(service)) return;
    const Plan again = reconcile(view_of(service), {capacity_, random_, lost_after}, now_);
    EXPECT_TRUE(again.is_empty()) << service.name << " at " << seconds() << ": " << describe(plan)
                                  << "\nand then: " << describe(again);
    service.wakeup = again.next_wakeup;
  }

  void apply(SimulatedService& service, const Plan& plan) {
    for (const std::string& id : plan.settled) service.task(id).is_settled = true;
    for (const StartTask& start : plan.start) {
      const auto deployment = std::ranges::find(service.deployments, start.deployment, &SimulatedDeployment::id);
      ASSERT_NE(deployment, service.deployments.end());
      service.tasks.push_back({.id = start.id,
                               .name = fmt::format("t{}", ++last_task_),
                               .deployment = start.deployment,
                               .instance = start.instance,
                               .created_at = now_,
                               .image = deployment->image,
                               .start_takes = vary(2s),
                               .stop_takes = vary(2s),
                               .check_takes = vary(3s)});
    }
    for (const StopTask& stop : plan.stop) {
      SimulatedTask& task = service.task(stop.id);
      EXPECT_TRUE(task.is_desired_running || stop.is_lost) << stop.id << " is stopped twice";
      const bool may_go =
          stop.is_lost || task.health == TaskHealth::unhealthy || service.settings.status == ServiceStatus::draining;
      EXPECT_TRUE(may_go || !task.protected_until || now_ >= *task.protected_until) << stop.id << " is protected";
      task.is_desired_running = false;
      task.stopping_at = now_;
      task.stop_code = stop.code;
      task.stopped_reason = stop.reason;
      if (stop.is_lost) end(service, task, stop.code);
    }
    for (const DeploymentChange& change : plan.deployments)
      std::ranges::find(service.deployments, change.id, &SimulatedDeployment::id)->state = change.state;
    std::erase_if(service.deployments, [](const auto& d) { return d.state.status == DeploymentStatus::inactive; });
    if (plan.service) service.settings.state = *plan.service;
    service.is_gone = plan.is_gone;
    for (const std::string& event : plan.events) on_event(service, event);
    // STOPPED and settled tasks are history.
    std::erase_if(service.tasks, [](const SimulatedTask& task) { return task.is_settled; });
  }

  void check(SimulatedService& service, const Plan& plan, int healthy_before) {
    SCOPED_TRACE(fmt::format("{} at {}s: {}", service.name, seconds(), describe(plan)));
    check_room();
    EXPECT_EQ(std::ranges::count_if(service.deployments,
                                    [](const auto& d) { return d.state.status == DeploymentStatus::primary; }),
              1);
    if (service.settings.status == ServiceStatus::draining) {
      EXPECT_TRUE(plan.start.empty());
      return;
    }
    const int desired = service.primary().state.desired_count;
    const Percentages percentages(service.settings, desired);
    if (!plan.start.empty()) EXPECT_LE(live_where_wanted(service), percentages.most_tasks);
    const int healthy_after = healthy(service);
    if (healthy_after < healthy_before)
      EXPECT_GE(healthy_after + lost(plan), std::min(percentages.least_healthy, healthy_before));
    if (!is_daemon(service)) EXPECT_EQ(desired, service.settings.desired_count);
    check_constraints(service, plan);
  }

  // A DAEMON's tasks on instances that it has to leave do not count.
  bool is_wanted_at(SimulatedService& service, const SimulatedTask& task) {
    if (!is_daemon(service)) return true;
    const auto* instance = capacity_.find_instance(task.instance);
    if (instance == nullptr || instance->view.status != schedule::InstanceStatus::active) return false;
    const bool has_live_task = std::ranges::any_of(service.tasks, [&](const SimulatedTask& other) {
      return other.instance == task.instance && other.is_live() && other.is_desired_running;
    });
    return (instance->view.agent_connected || has_live_task) &&
           schedule::Fit(service.primary().demand).selects(*instance);
  }
  int live_where_wanted(SimulatedService& service) {
    return static_cast<int>(std::ranges::count_if(
        service.tasks, [&](const SimulatedTask& task) { return task.is_live() && is_wanted_at(service, task); }));
  }

  static int lost(const Plan& plan) {
    return static_cast<int>(std::ranges::count(plan.stop, true, &StopTask::is_lost));
  }

  // Recounted from the tasks themselves.
  void check_room() {
    std::map<std::string, schedule::Resources> used;
    size_t live = 0;
    for (const auto& [name, service] : services_) {
      for (const SimulatedTask& task : service.tasks) {
        if (!task.is_live() || !instances_.contains(task.instance)) continue;
        ++live;
        const auto* placed = capacity_.find_task(task.id);
        ASSERT_NE(placed, nullptr) << task.id;
        used[task.instance].cpu += placed->resources.cpu;
        used[task.instance].memory += placed->resources.memory;
        for (const schedule::HostPort port : placed->resources.ports) used[task.instance].ports.push_back(port);
      }
    }
    EXPECT_EQ(live, capacity_.task_count());
    for (auto& [id, resources] : used) {
      const schedule::Resources& registered = instances_.at(id).registered;
      EXPECT_LE(resources.cpu, registered.cpu) << id;
      EXPECT_LE(resources.memory, registered.memory) << id;
      std::ranges::sort(resources.ports);
      EXPECT_EQ(std::ranges::adjacent_find(resources.ports), resources.ports.end()) << id;
    }
  }

  // Each new task, taken away again, could be placed where it is.
  void check_constraints(SimulatedService& service, const Plan& plan) {
    for (const StartTask& start : plan.start) {
      const auto& demand = std::ranges::find(service.deployments, start.deployment, &SimulatedDeployment::id)->demand;
      const schedule::PlacedTask placed = *capacity_.find_task(start.id);
      EXPECT_EQ(placed.instance, start.instance);
      capacity_.remove_task(start.id);
      EXPECT_EQ(schedule::Fit(demand).misfit(*capacity_.find_instance(start.instance)), std::nullopt);
      capacity_.put_task(placed);
    }
  }

  static std::string describe(const Plan& plan) {
    std::string text = fmt::format("{} starts", plan.start.size());
    for (const StopTask& stop : plan.stop) text += fmt::format(", stop {} ({})", stop.id, stop.reason);
    for (const DeploymentChange& change : plan.deployments)
      text += fmt::format(", {} status {} rollout {} failed {}", change.id, static_cast<int>(change.state.status),
                          static_cast<int>(change.state.rollout_state), change.state.failed_tasks);
    if (plan.service)
      text += fmt::format(", steady {} stuck {} held up {} misfit {}", plan.service->is_steady, plan.service->is_stuck,
                          plan.service->is_held_up,
                          plan.service->placement_failure ? static_cast<int>(*plan.service->placement_failure) : -1);
    for (const std::string& event : plan.events) text += ", " + event;
    return text;
  }

  WallTime now_{};
  SeededRandom random_;
  schedule::Capacity capacity_;
  std::map<std::string, schedule::InstanceView> instances_;
  std::map<std::string, SimulatedService> services_;
  int last_deployment_ = 0;
  int last_task_ = 0;
};

}  // namespace fl::control::reconcile
