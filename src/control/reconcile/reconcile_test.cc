// The planner over generated histories: whatever happens, each plan keeps to the rules that simulation_for_test.h
// checks at every step, and once nothing happens any more every service comes to rest as it is wanted.
#include "control/reconcile/reconcile.h"

#include <gtest/gtest.h>

#include "control/reconcile/outcome.h"
#include "control/reconcile/simulation_for_test.h"

namespace fl::control::reconcile {
namespace {

class History {
 public:
  explicit History(uint64_t seed) : engine_(seed), simulation_(seed) {
    simulation_.vary = [this](Duration usual) { return usual * (1 + below(3)) / 2; };
    if (one_in(2)) simulation_.lost_after = 20s;
    const int instances = 2 + below(6);
    for (int i = 0; i < instances; ++i) add_instance();
    const int services = 1 + below(3);
    for (int i = 0; i < services; ++i) add_service("s" + std::to_string(i));
  }

  Simulation& simulation() { return simulation_; }

  void disturb() {
    SimulatedService& service = some_service();
    switch (below(15)) {
      case 0: add_instance(); break;
      case 1:
        if (simulation_.instances().size() > 2) remove_instance();
        break;
      case 2: simulation_.set_status(some_instance(), schedule::InstanceStatus::draining); break;
      case 3: simulation_.set_status(some_instance(), schedule::InstanceStatus::active); break;
      case 4: simulation_.set_connected(some_instance(), false); break;
      case 5: simulation_.set_connected(some_instance(), true); break;
      case 6:
      case 7:
        service.settings.desired_count = below(9);
        service.is_dirty = true;
        break;
      case 8: set_percentages(service); break;
      case 9: simulation_.deploy(service, some_deployment(service, static_cast<Image>(below(4)))); break;
      default: disturb_task(service);
    }
  }

  // From here on all is well: whatever stood in the way is gone.
  void calm_down() {
    for (const auto& [id, view] : std::map(simulation_.instances())) {
      simulation_.set_status(id, schedule::InstanceStatus::active);
      simulation_.set_connected(id, true);
    }
    for (int i = 0; i < 3; ++i)
      simulation_.put_instance({.id = "big" + std::to_string(i),
                                .attributes = {{"zone", "1"}},
                                .registered = {.cpu = 20'000, .memory = 20'000}});
    for (auto& [name, service] : simulation_.services()) {
      service.settings.maximum_percent = std::max(service.settings.maximum_percent, 200);
      service.settings.minimum_healthy_percent = std::min(service.settings.minimum_healthy_percent, 50);
      SimulatedDeployment deployment = some_deployment(service, Image::good);
      deployment.demand.resources = {.cpu = 1, .memory = 1};
      simulation_.deploy(service, std::move(deployment));
    }
  }

  int below(int n) { return static_cast<int>(engine_() % static_cast<uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }

 private:
  SimulatedService& some_service() {
    auto& services = simulation_.services();
    return std::next(services.begin(), below(static_cast<int>(services.size())))->second;
  }
  std::string some_instance() {
    return std::next(simulation_.instances().begin(), below(static_cast<int>(simulation_.instances().size())))->first;
  }

  void add_instance() {
    simulation_.put_instance({.id = "i" + std::to_string(++instances_),
                              .attributes = {{"zone", std::to_string(below(3))}},
                              .registered = {.cpu = 200 * (1 + below(5)), .memory = 2000}});
  }
  // Its agent is gone for good: what ran there is over.
  void remove_instance() { simulation_.remove_instance(some_instance()); }

  SimulatedDeployment some_deployment(const SimulatedService& service, Image image) {
    SimulatedDeployment deployment{.has_health_check = image == Image::sick || one_in(3), .image = image};
    deployment.demand.resources = {.cpu = 50 * (1 + below(3)), .memory = 100};
    if (one_in(4)) deployment.demand.resources.ports.push_back({static_cast<uint16_t>(80 + service.name.back())});
    if (!Simulation::is_daemon(service) && one_in(4))
      deployment.demand.constraints.push_back({schedule::Constraint::Type::member_of, "attribute:zone == 1"});
    if (one_in(3)) deployment.demand.strategies.push_back({schedule::Strategy::Type::binpack, "cpu"});
    return deployment;
  }

  void add_service(std::string name) {
    ServiceView settings{.scheduling = one_in(3) ? SchedulingStrategy::daemon : SchedulingStrategy::replica,
                         .desired_count = below(6),
                         .has_circuit_breaker = one_in(2),
                         .may_roll_back = one_in(2),
                         .health_check_grace_period = one_in(3) ? 10s : 0s};
    SimulatedService kind{.name = name, .settings = settings};
    SimulatedService& service = simulation_.add_service(settings, std::move(name), some_deployment(kind, Image::good));
    set_percentages(service);
  }

  void set_percentages(SimulatedService& service) {
    service.settings.minimum_healthy_percent = 25 * below(5);
    service.settings.maximum_percent = 100 + 50 * below(3);
    service.is_dirty = true;
  }

  void disturb_task(SimulatedService& service) {
    std::vector<SimulatedTask*> live;
    for (SimulatedTask& task : service.tasks)
      if (task.is_live() && task.is_desired_running) live.push_back(&task);
    if (live.empty()) return;
    SimulatedTask& task = *live[static_cast<size_t>(below(static_cast<int>(live.size())))];
    if (one_in(3)) return simulation_.protect(service, task, std::chrono::seconds(1 + below(40)));
    if (one_in(3)) return simulation_.stop_by_user(service, task);
    if (one_in(2)) return simulation_.end(service, task, StopCode::essential_container_exited);
    if (task.status == TaskStatus::running)
      simulation_.set_health(service, task, one_in(3) ? TaskHealth::healthy : TaskHealth::unhealthy);
  }

  std::mt19937_64 engine_;
  Simulation simulation_;
  int instances_ = 0;
};

TEST(Reconcile, KeepsTheRulesAndComesToRest) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    History history(seed);
    for (int i = 0; i < 40; ++i) {
      history.simulation().run(std::chrono::seconds(history.below(6)));
      if (testing::Test::HasFailure()) return;
      history.disturb();
    }
    history.calm_down();
    history.simulation().run(180s);
    for (auto& [name, service] : history.simulation().services()) {
      SCOPED_TRACE(name);
      ASSERT_EQ(service.deployments.size(), 1u);
      EXPECT_EQ(service.primary().state.rollout_state, RolloutState::completed);
      EXPECT_TRUE(service.settings.state.is_steady);
      EXPECT_FALSE(service.settings.state.placement_failure);
      EXPECT_FALSE(service.settings.state.is_stuck);
      EXPECT_FALSE(service.settings.state.is_held_up);
      const int wanted = Simulation::is_daemon(service) ? static_cast<int>(history.simulation().instances().size())
                                                        : service.settings.desired_count;
      EXPECT_EQ(service.live(), wanted);
      EXPECT_EQ(history.simulation().healthy(service), wanted);
      ASSERT_TRUE(service.wakeup);  // for the next "steady state", and for nothing before
      EXPECT_EQ(*service.wakeup, *service.settings.state.steady_event_at + 6h);
    }
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Reconcile, CircuitBreakerEndsEveryBadDeployment) {
  for (const int desired : {1, 2, 5, 7, 20, 401}) {
    for (const Image image : {Image::crashes, Image::sick}) {
      for (const bool may_roll_back : {false, true}) {
        SCOPED_TRACE(fmt::format("{} tasks, image {}, rollback {}", desired, static_cast<int>(image), may_roll_back));
        Simulation simulation(1);
        simulation.put_instance({.id = "a", .registered = {.cpu = 1'000'000}});
        SimulatedService& service = simulation.add_service({.desired_count = desired,
                                                            .minimum_healthy_percent = 50,
                                                            .has_circuit_breaker = true,
                                                            .may_roll_back = may_roll_back},
                                                           "web", {.has_health_check = true});
        simulation.run(10s);
        ASSERT_EQ(service.primary().state.rollout_state, RolloutState::completed);
        std::vector<std::string> events;
        simulation.on_event = [&](const SimulatedService&, const std::string& event) { events.push_back(event); };
        simulation.deploy(service, {.has_health_check = true, .image = image});
        simulation.run(600s);
        EXPECT_EQ(std::ranges::count(events,
                                     "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start."),
                  1);
        EXPECT_EQ(std::ranges::count(events, "(service web) rolling back to deployment ecs-svc/1."), may_roll_back);
        if (may_roll_back) {
          ASSERT_EQ(service.deployments.size(), 1u);
          EXPECT_EQ(service.primary().id, "ecs-svc/1");
          EXPECT_EQ(service.primary().state.rollout_state, RolloutState::completed);
          EXPECT_EQ(simulation.healthy(service), desired);
        } else {
          EXPECT_EQ(service.primary().id, "ecs-svc/2");
          EXPECT_EQ(service.primary().state.rollout_state, RolloutState::failed);
          EXPECT_EQ(service.primary().state.rollout_state_reason,
                    "ECS deployment circuit breaker: tasks failed to start.");
          EXPECT_GE(service.primary().state.failed_tasks, circuit_breaker_threshold(desired));
          EXPECT_GE(simulation.healthy(service), (desired + 1) / 2);
        }
      }
    }
  }
}

TEST(Reconcile, ThresholdOfTheCircuitBreaker) {
  EXPECT_EQ(circuit_breaker_threshold(0), 3);
  EXPECT_EQ(circuit_breaker_threshold(6), 3);
  EXPECT_EQ(circuit_breaker_threshold(7), 4);
  EXPECT_EQ(circuit_breaker_threshold(25), 13);
  EXPECT_EQ(circuit_breaker_threshold(400), 200);
  EXPECT_EQ(circuit_breaker_threshold(5000), 200);
}

TEST(Reconcile, DelayGrowsToAQuarterOfAnHourAndEndsWhenTheClockIsSetBack) {
  const WallTime now{1000h};
  DeploymentState state;
  EXPECT_LT(may_start_at(state, now), now);
  state.throttled_at = now;
  for (const auto& [rounds, delay] :
       std::map<int, Duration>{{1, 1s}, {2, 2s}, {10, 512s}, {11, 15min}, {1000, 15min}}) {
    state.start_failures = rounds;
    EXPECT_EQ(may_start_at(state, now), now + delay) << rounds;
  }
  EXPECT_LT(may_start_at(state, now - 1h), now - 1h);
}

// What the runner stores and shows.
TEST(Reconcile, ReasonsAndCodesInAwsWords) {
  Simulation simulation(1);
  simulation.lost_after = 90s;
  simulation.put_instance({.id = "a", .registered = {.cpu = 1000}});
  simulation.put_instance({.id = "b", .registered = {.cpu = 1000}});
  SimulatedService& service = simulation.add_service({.desired_count = 2}, "web", {.has_health_check = true});
  simulation.settle();
  EXPECT_EQ(service.primary().state.rollout_state_reason, "ECS deployment ecs-svc/1 in progress.");
  simulation.run(6s);
  EXPECT_EQ(service.primary().state.rollout_state_reason, "ECS deployment ecs-svc/1 completed.");

  std::map<std::string, std::pair<StopCode, std::string>> ends;  // of the plans themselves
  const auto note = [&] {
    for (const SimulatedTask& task : service.tasks)
      if (!task.stopped_reason.empty()) ends[task.name] = {task.stop_code, task.stopped_reason};
  };
  simulation.set_health(service, service.task("t1"), TaskHealth::unhealthy);
  for (int i = 0; i < 8; ++i) simulation.run(1s), note();
  EXPECT_EQ(ends["t1"],
            std::pair(StopCode::service_scheduler_initiated, std::string("Task failed container health checks")));

  service.settings.desired_count = 1;
  service.is_dirty = true;
  for (int i = 0; i < 3; ++i) simulation.run(1s), note();
  EXPECT_EQ(ends["t3"], std::pair(StopCode::service_scheduler_initiated,
                                  std::string("Scaling activity initiated by (deployment ecs-svc/1)")));
  ASSERT_EQ(service.live(), 1);

  simulation.set_connected("a", false);
  simulation.set_connected("b", false);
  const schedule::TaskDemand demand;
  const ServiceView view{.name = "x",
                         .deployments = {{.id = "ecs-svc/9", .demand = &demand}},
                         .tasks = {{.id = "gone", .instance = "nowhere"}, {.id = "away", .instance = "a"}}};
  const Plan plan = simulation.plan_for(view, simulation.now() + 95s);
  ASSERT_EQ(plan.stop.size(), 2u);
  EXPECT_EQ(plan.stop[0],
            (StopTask{"gone", StopCode::termination_notice, "Container instance nowhere deregistered", true}));
  EXPECT_EQ(plan.stop[1], (StopTask{"away", StopCode::termination_notice,
                                    "Container instance a lost: its agent has not been connected for 1m35s", true}));
}

}  // namespace
}  // namespace fl::control::reconcile
