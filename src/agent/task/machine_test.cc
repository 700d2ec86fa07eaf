// The task machine as a table of what happens and what it then wants.
#include "agent/task/machine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/strings.h"

namespace fl::agent::task {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr WallTime kBegin = WallTime(Duration(1'000'000'000'000'000'000));

struct World {
  TaskSpec spec;
  std::optional<Machine> machine;
  WallTime now = kBegin;

  // "web", "web after init SUCCESS, db HEALTHY", "log!": not essential
  World& add(std::string_view text) {
    const size_t after = text.find(" after ");
    std::string_view name = text.substr(0, after);
    ContainerPlan plan;
    plan.essential = !name.ends_with('!');
    plan.name = plan.essential ? name : name.substr(0, name.size() - 1);
    if (after != text.npos)
      for (const std::string& item : split_list(text.substr(after + 7))) {
        const auto words = split(item, ' ');
        const std::string_view c = words[1];
        plan.depends_on.push_back({index(words[0]), c == "START"      ? Condition::start
                                                    : c == "COMPLETE" ? Condition::complete
                                                    : c == "SUCCESS"  ? Condition::success
                                                                      : Condition::healthy});
      }
    spec.containers.push_back(std::move(plan));
    return *this;
  }
  ContainerPlan& plan(std::string_view name) { return spec.containers[index(name)]; }
  size_t index(std::string_view name) const {
    for (size_t i = 0; i < spec.containers.size(); ++i)
      if (spec.containers[i].name == name) return i;
    ADD_FAILURE() << name;
    return 0;
  }
  World& begin() {
    machine.emplace(spec);
    return *this;
  }
  // What it wants done now, as "start web".
  std::vector<std::string> wants() {
    static constexpr const char* kVerbs[] = {"pull", "create", "start", "stop", "check"};
    std::vector<std::string> out;
    for (const Action& action : machine->take_actions(now))
      out.push_back(
          fmt::format("{} {}", kVerbs[static_cast<int>(action.kind)], spec.containers[action.container].name));
    return out;
  }
  void pulled(std::string_view name) { machine->pull_ended(index(name), {}, now); }
  void created(std::string_view name) { machine->create_ended(index(name), "id-" + std::string(name), now); }
  void started(std::string_view name) { machine->start_ended(index(name), engine::Started{now, {}, {}}, now); }
  void exits(std::string_view name, int code) { machine->exited(index(name), {code, false, now, {}}, now); }
  void health(std::string_view name, bool passed) { machine->checked(index(name), passed, now); }
  // Takes one container from nothing to running.
  void run(std::string_view name) {
    pulled(name);
    EXPECT_THAT(wants(), ::testing::Contains(fmt::format("create {}", name)));
    created(name);
    EXPECT_THAT(wants(), ::testing::Contains(fmt::format("start {}", name)));
    started(name);
  }
  TaskStatus status() const { return machine->status(); }
  const ContainerRecord& of(std::string_view name) const { return machine->containers()[index(name)]; }
};

TEST(TaskMachine, OneContainerGoesAllTheWay) {
  World w;
  w.add("web").begin();
  EXPECT_THAT(w.wants(), ElementsAre("pull web"));
  EXPECT_THAT(w.wants(), IsEmpty());
  w.pulled("web");
  EXPECT_THAT(w.wants(), ElementsAre("create web"));
  w.created("web");
  EXPECT_THAT(w.wants(), ElementsAre("start web"));
  EXPECT_EQ(w.status(), TaskStatus::pending);
  w.started("web");
  EXPECT_EQ(w.status(), TaskStatus::running);
  EXPECT_THAT(w.wants(), IsEmpty());
  w.machine->reported = TaskStatus::running;
  w.machine->stop("asked");
  EXPECT_THAT(w.wants(), ElementsAre("stop web"));
  EXPECT_THAT(w.wants(), IsEmpty());
  EXPECT_EQ(w.status(), TaskStatus::running);
  w.exits("web", 143);
  EXPECT_EQ(w.status(), TaskStatus::stopped);
  EXPECT_EQ(w.machine->stop_reason(), "asked");
  EXPECT_EQ(w.of("web").exit_code, 143);
}

TEST(TaskMachine, IndependentContainersStartTogether) {
  World w;
  w.add("a").add("b").begin();
  EXPECT_THAT(w.wants(), UnorderedElementsAre("pull a", "pull b"));
}

TEST(TaskMachine, DependenciesByCondition) {
  struct Case {
    const char* condition;
    std::function<void(World&)> then;
    bool may_start;
  };
  const Case cases[] = {
      {"START", [](World&) {}, true},
      {"COMPLETE", [](World&) {}, false},
      {"COMPLETE", [](World& w) { w.exits("init", 3); }, true},
      {"SUCCESS", [](World&) {}, false},
      {"SUCCESS", [](World& w) { w.exits("init", 0); }, true},
      {"HEALTHY", [](World&) {}, false},
      {"HEALTHY", [](World& w) { w.health("init", true); }, true},
      {"HEALTHY", [](World& w) { w.health("init", false); }, false},
  };
  for (const Case& c : cases) {
    World w;
    w.add("init!").add(fmt::format("web after init {}", c.condition));
    w.plan("init").health_check = HealthCheck{};
    w.begin();
    EXPECT_THAT(w.wants(), ElementsAre("pull init")) << c.condition;
    w.run("init");
    c.then(w);
    const auto wants = w.wants();
    EXPECT_EQ(std::ranges::count(wants, "pull web") == 1, c.may_start) << c.condition;
    EXPECT_FALSE(w.machine->is_to_stop()) << c.condition;
  }
}

TEST(TaskMachine, ADependencyThatCannotBeMetFailsTheTask) {
  struct Case {
    const char* condition;
    std::function<void(World&)> then;
    const char* says;
  };
  const Case cases[] = {
      {"SUCCESS", [](World& w) { w.exits("init", 1); }, "it did not exit successfully"},
      {"HEALTHY", [](World& w) { w.exits("init", 0); }, "it ended before it was healthy"},
      {"SUCCESS", [](World& w) { w.now += 11s; }, "its startTimeout has passed"},
      {"HEALTHY", [](World& w) { w.now += 11s; }, "its startTimeout has passed"},
      {"COMPLETE", [](World& w) { w.now += 11s; }, "its startTimeout has passed"},
  };
  for (const Case& c : cases) {
    World w;
    w.add("init!").add(fmt::format("web! after init {}", c.condition)).add("other");
    w.plan("init").start_timeout = 10s;
    w.begin();
    w.wants();
    w.run("init");
    w.wants();
    EXPECT_EQ(w.machine->wake_at(), std::optional(kBegin + 10s));
    c.then(w);
    w.wants();
    EXPECT_TRUE(w.machine->is_to_stop()) << c.says;
    EXPECT_EQ(w.machine->stop_reason(), "Task failed to start");
    EXPECT_THAT(w.of("web").reason, ::testing::HasSubstr(c.says));
    EXPECT_EQ(w.of("web").exit_code, std::nullopt);
  }
}

TEST(TaskMachine, FailuresBecomeReasonsInAwsWords) {
  struct Case {
    std::function<void(World&)> fails;
    const char* reason;
  };
  const Error error{Code::unavailable, "why"};
  const Case cases[] = {
      {[&](World& w) { w.machine->pull_ended(0, tl::make_unexpected(error), w.now); }, "CannotPullContainerError: why"},
      {[&](World& w) {
         w.pulled("web");
         w.wants();
         w.machine->create_ended(0, tl::make_unexpected(error), w.now);
       },
       "CannotCreateContainerError: why"},
      {[&](World& w) {
         w.pulled("web");
         w.wants();
         w.created("web");
         w.wants();
         w.machine->start_ended(0, tl::make_unexpected(error), w.now);
       },
       "CannotStartContainerError: why"},
  };
  for (const Case& c : cases) {
    World w;
    w.add("web").begin();
    w.wants();
    c.fails(w);
    EXPECT_EQ(w.status(), TaskStatus::stopped);
    EXPECT_EQ(w.of("web").reason, c.reason);
    EXPECT_EQ(w.machine->stop_reason(), "Task failed to start");
    EXPECT_THAT(w.wants(), IsEmpty());
  }
}

TEST(TaskMachine, AnEssentialExitStopsTheRest) {
  World w;
  w.add("web").add("log!").begin();
  w.wants();
  w.run("web");
  w.run("log");
  w.machine->reported = TaskStatus::running;
  w.exits("log", 1);
  EXPECT_EQ(w.status(), TaskStatus::running);
  EXPECT_FALSE(w.machine->is_to_stop());
  World v;
  v.add("web").add("log!").begin();
  v.wants();
  v.run("web");
  v.run("log");
  v.machine->reported = TaskStatus::running;
  v.exits("web", 0);
  EXPECT_EQ(v.machine->stop_reason(), "Essential container in task exited");
  EXPECT_THAT(v.wants(), ElementsAre("stop log"));
  v.exits("log", 143);
  EXPECT_EQ(v.status(), TaskStatus::stopped);
  EXPECT_EQ(v.machine->execution_stopped_at, std::optional(kBegin));
}

TEST(TaskMachine, ATaskThatFailsBeforeItIsWholeNeverRuns) {
  World w;
  w.add("a").add("b").begin();
  w.wants();
  w.run("a");
  w.exits("a", 1);
  EXPECT_EQ(w.status(), TaskStatus::pending);  // b is being pulled; it is waited for
  EXPECT_THAT(w.wants(), IsEmpty());
  w.pulled("b");
  EXPECT_THAT(w.wants(), IsEmpty());
  EXPECT_EQ(w.status(), TaskStatus::stopped);
}

TEST(TaskMachine, StopsInReverseOrder) {
  World w;
  w.add("db").add("app after db START").add("web after app START").begin();
  w.wants();
  w.run("db");
  w.wants();
  w.run("app");
  w.wants();
  w.run("web");
  w.machine->stop("x");
  EXPECT_THAT(w.wants(), ElementsAre("stop web"));
  w.exits("web", 0);
  EXPECT_THAT(w.wants(), ElementsAre("stop app"));
  w.machine->stop_failed(w.index("app"));
  EXPECT_THAT(w.wants(), ElementsAre("stop app"));
  w.exits("app", 0);
  EXPECT_THAT(w.wants(), ElementsAre("stop db"));
  w.exits("db", 0);
  EXPECT_EQ(w.status(), TaskStatus::stopped);
}

TEST(TaskMachine, StoppingWaitsForWhatIsUnderWay) {
  World w;
  w.add("a").begin();
  w.wants();
  w.pulled("a");
  w.wants();
  w.created("a");
  w.wants();  // starting
  w.machine->stop("x");
  EXPECT_THAT(w.wants(), IsEmpty());
  w.started("a");
  EXPECT_THAT(w.wants(), ElementsAre("stop a"));
  World v;
  v.add("a").begin();
  v.machine->stop("x");
  EXPECT_THAT(v.wants(), IsEmpty());
  EXPECT_EQ(v.status(), TaskStatus::stopped);  // nothing had begun
}

TEST(TaskMachine, AnExitMayOvertakeTheAnswerToItsStart) {
  World w;
  w.add("a").begin();
  w.wants();
  w.pulled("a");
  w.wants();
  w.created("a");
  w.wants();
  w.exits("a", 4);
  EXPECT_EQ(w.status(), TaskStatus::pending);
  w.started("a");
  EXPECT_EQ(w.status(), TaskStatus::stopped);
  EXPECT_EQ(w.of("a").exit_code, 4);
}

TEST(TaskMachine, RestartsByPolicy) {
  struct Case {
    int code;
    Duration ran;
    bool restarts;
  };
  for (const Case& c : {Case{1, 61s, true}, Case{1, 59s, false}, Case{0, 61s, false}, Case{9, 61s, true}}) {
    World w;
    w.add("web");
    w.plan("web").restart = {true, {0}, 60s};
    w.begin();
    w.wants();
    w.run("web");
    w.now += c.ran;
    w.exits("web", c.code);
    if (c.restarts) {
      EXPECT_THAT(w.wants(), ElementsAre("start web"));
      EXPECT_EQ(w.status(), TaskStatus::running);
      w.started("web");
      EXPECT_EQ(w.of("web").restart_count, 1);
      EXPECT_EQ(w.of("web").exit_code, std::nullopt);
    } else {
      EXPECT_EQ(w.status(), TaskStatus::stopped);
    }
  }
}

TEST(TaskMachine, ChecksHealthInItsInterval) {
  World w;
  w.add("web");
  w.plan("web").health_check =
      HealthCheck{.command = {"true"}, .interval = 10s, .timeout = 1s, .start_period = 25s, .retries = 2};
  w.begin();
  w.wants();
  w.run("web");
  EXPECT_THAT(w.wants(), IsEmpty());
  EXPECT_EQ(w.machine->wake_at(), std::optional(kBegin + 10s));
  const auto round = [&](bool passed) {
    w.now += 10s;
    EXPECT_THAT(w.wants(), ElementsAre("check web"));
    EXPECT_THAT(w.wants(), IsEmpty());
    w.health("web", passed);
    return w.machine->health();
  };
  EXPECT_EQ(round(false), Health::unknown);
  EXPECT_EQ(round(false), Health::unknown);  // both in the start period
  EXPECT_EQ(round(false), Health::unknown);  // the first that counts
  EXPECT_EQ(round(true), Health::healthy);
  EXPECT_EQ(w.of("web").health_since, std::optional(kBegin + 40s));
  EXPECT_EQ(round(false), Health::healthy);
  EXPECT_EQ(round(false), Health::unhealthy);
  EXPECT_FALSE(w.machine->is_to_stop());  // the service scheduler's business
  EXPECT_EQ(round(true), Health::healthy);
}

TEST(TaskMachine, OutOfMemoryIsSaid) {
  World w;
  w.add("web").begin();
  w.wants();
  w.run("web");
  w.machine->exited(0, {137, true, w.now, {}}, w.now);
  EXPECT_THAT(w.of("web").reason, StartsWith("OutOfMemoryError: "));
}

TEST(TaskMachine, TriesAgainWhatARestartCutShort) {
  const std::pair<Phase, const char*> cases[] = {
      {Phase::pulling, "pull web"}, {Phase::creating, "create web"}, {Phase::starting, "start web"}};
  for (const auto& [phase, wants] : cases) {
    World w;
    w.add("web").begin();
    ContainerRecord record;
    record.phase = phase;
    w.machine->restore({record}, false, "");
    EXPECT_THAT(w.wants(), ElementsAre(wants));
  }
}

}  // namespace
}  // namespace fl::agent::task
