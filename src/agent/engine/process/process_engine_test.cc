#include "agent/engine/process/process_engine.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/engine/process/proc.h"
#include "agent/engine/process/shim.h"
#include "agent/engine/process/start_lock.h"
#include "base/strings.h"
#include "net/listener.h"
#include "net/stream.h"
#include "support/temporary_directory.h"

namespace fl::agent::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Status = ContainerState::Status;

std::string slurp(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The texts of a log's lines, without time, stream and mark.
std::vector<std::string> lines(const std::string& path, std::string_view stream = "stdout") {
  std::vector<std::string> out;
  std::istringstream text(slurp(path));
  for (std::string line; std::getline(text, line);) {
    const auto parts = split(line, ' ');
    if (parts.size() >= 4 && parts[1] == stream)
      out.push_back(line.substr(parts[0].size() + parts[1].size() + parts[2].size() + 3));
  }
  return out;
}

// Real processes, so real time; every wait is for an event, and bounded.
class ProcessEngineTest : public ::testing::Test, public ExitListener {
 protected:
  ProcessEngineTest() {
    loop.make_current();
    engine = make();
    EXPECT_TRUE(run(engine->open(*this)));
  }
  void TearDown() override {
    const auto ids = run(engine->list());
    for (const std::string& id : *ids) EXPECT_TRUE(run(engine->stop(id, 0s)));
    close();
  }

  std::unique_ptr<ProcessEngine> make() {
    return std::make_unique<ProcessEngine>(
        loop, ProcessEngineOptions{.directory = directory.path(),
                                   .program = std::filesystem::read_symlink("/proc/self/exe"),
                                   .log_max_bytes = 4096,
                                   .why = "test"});
  }
  void close() {
    run_void(engine->close());
    engine.reset();
  }
  // As a kill -9 of the agent and its next start.
  void restart() {
    close();
    engine = make();
    ASSERT_TRUE(run(engine->open(*this)));
  }

  template <class T>
  Result<T> run(net::Task<Result<T>> task) {
    std::optional<Result<T>> out;
    const auto wait = [&]() -> net::Task<> { out = co_await std::move(task); };
    net::spawn(wait());
    while (!out) loop.turn(true);
    return std::move(*out);
  }
  void run_void(net::Task<> task) {
    bool done = false;
    const auto wait = [&]() -> net::Task<> {
      co_await std::move(task);
      done = true;
    };
    net::spawn(wait());
    while (!done) loop.turn(true);
  }
  Exit wait_for_exit(const std::string& id) {
    while (!exits.contains(id)) loop.turn(true);
    return exits.extract(id).mapped();
  }
  void on_exit(const std::string& id, const Exit& exit) noexcept override { exits[id] = exit; }

  static ContainerSpec shell(std::string script) {
    ContainerSpec spec;
    spec.name = "ecs-test";
    spec.task_id = "t1";
    spec.image = "host";
    spec.command = {"/bin/sh", "-c", std::move(script)};
    return spec;
  }
  std::string started(ContainerSpec spec) {
    const auto id = run(engine->create(std::move(spec)));
    EXPECT_TRUE(id) << id.error().message;
    const auto start = run(engine->start(*id));
    EXPECT_TRUE(start) << start.error().message;
    return *id;
  }
  ContainerState inspect(const std::string& id) {
    auto state = run(engine->inspect(id));
    EXPECT_TRUE(state);
    return *state;
  }
  process::ProcessId process_of(const std::string& id) {
    return process::read_state(directory.path() + "/containers/" + id)->process;
  }

  TemporaryDirectory directory;
  net::Loop loop;
  std::unique_ptr<ProcessEngine> engine;
  std::map<std::string, Exit> exits;
};

TEST_F(ProcessEngineTest, RunsACommandAndKeepsItsOutputAndCode) {
  auto spec = shell("echo one; echo two >&2; printf three; exit 7");
  spec.environment = {{"A", "b c"}};
  const std::string id = started(spec);
  EXPECT_EQ(wait_for_exit(id).code, 7);
  EXPECT_THAT(lines(engine->log_path(id)), ElementsAre("one", "three"));
  EXPECT_THAT(lines(engine->log_path(id), "stderr"), ElementsAre("two"));
  EXPECT_EQ(inspect(id).status, Status::exited);
  EXPECT_TRUE(run(engine->remove(id)));
  EXPECT_EQ(run(engine->inspect(id)).error().code, Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(engine->log_path(id)));
}

TEST_F(ProcessEngineTest, GivesASurroundingOfItsOwn) {
  auto spec = shell("pwd; echo $A; echo $HOSTNAME; env | grep -c FAIRLEAD_TEST_SECRET; ulimit -n");
  ::setenv("FAIRLEAD_TEST_SECRET", "x", 1);
  spec.environment = {{"A", "b c"}};
  spec.host_config = *json::parse(R"({"Ulimits":[{"Name":"nofile","Soft":64,"Hard":64}]})");
  const std::string id = started(spec);
  wait_for_exit(id);
  EXPECT_THAT(lines(engine->log_path(id)),
              ElementsAre(directory.path() + "/containers/" + id + "/work", "b c", id.substr(0, 12), "0", "64"));
}

TEST_F(ProcessEngineTest, TellsWhyItCannotStart) {
  auto spec = shell("");
  spec.command = {"/no/such/program"};
  const auto id = run(engine->create(spec));
  const auto start = run(engine->start(*id));
  ASSERT_FALSE(start);
  EXPECT_EQ(start.error().message, "/no/such/program: No such file or directory");
  EXPECT_EQ(inspect(*id).status, Status::created);
}

TEST_F(ProcessEngineTest, RefusesWhatItCannotHonour) {
  const std::pair<std::function<void(ContainerSpec&)>, std::string> cases[] = {
      {[](auto& s) { s.image = "nginx:1"; }, "the process engine has no image nginx:1"},
      {[](auto& s) { s.command.clear(); }, "no command specified"},
      {[](auto& s) { s.privileged = true; }, "privileged"},
      {[](auto& s) { s.links = {"a:b"}; }, "links"},
      {[](auto& s) { s.mounts = {{"/a", "/b", false}}; }, "cannot mount /a at /b"},
      {[](auto& s) { s.host_config = json::Object{{"CapAdd", json::Array{"ALL"}}}; }, "cannot honour CapAdd"},
      {[](auto& s) { s.host_config = json::Object{{"ReadonlyRootfs", true}}; }, "cannot honour ReadonlyRootfs"},
      {[](auto& s) { s.config = json::Object{{"StopSignal", "SIGNO"}}; }, "unknown stop signal"},
      {[](auto& s) {
         s.image = "fairlead/whoami";
         s.entry_point = {"x"};
       },
       "no entryPoint to replace"},
  };
  for (const auto& [change, text] : cases) {
    auto spec = shell("true");
    change(spec);
    const auto id = run(engine->create(spec));
    ASSERT_FALSE(id) << text;
    EXPECT_THAT(id.error().message, HasSubstr(text));
  }
  EXPECT_TRUE(run(engine->create([] {
    auto spec = shell("true");
    spec.host_config = json::Object{{"CapAdd", json::Array{}}, {"ReadonlyRootfs", false}};
    return spec;
  }())));
  EXPECT_THAT(run(engine->pull("nginx", PullBehavior::default_)).error().message, HasSubstr("no image nginx"));
}

TEST_F(ProcessEngineTest, StopsBySignalAndKillsWhatDoesNotListen) {
  const std::string polite = started(shell("trap 'exit 3' TERM; while :; do sleep 0.01; done"));
  auto other = shell("trap 'exit 4' USR1; while :; do sleep 0.01; done");
  other.config = json::Object{{"StopSignal", "SIGUSR1"}};
  const std::string own = started(other);
  const std::string deaf = started(shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"));
  // The shells must have set their traps.
  while (lines(engine->log_path(deaf)).empty()) loop.turn(false);
  EXPECT_TRUE(run(engine->stop(own, 10s)));
  EXPECT_TRUE(run(engine->stop(polite, 10s)));
  EXPECT_TRUE(run(engine->stop(deaf, 20ms)));
  EXPECT_EQ(wait_for_exit(deaf).code, 137);
  EXPECT_THAT(wait_for_exit(polite).code, ::testing::AnyOf(3, 143));  // 143: asked before the trap was set
  EXPECT_THAT(wait_for_exit(own).code, ::testing::AnyOf(4, 138));
  EXPECT_TRUE(run(engine->stop(deaf, 0s)));  // of one that does not run: nothing to do
}

TEST_F(ProcessEngineTest, LeavesNoDescendantBehind) {
  // One in the background of its group, one that left for a session of its own.
  const std::string id =
      started(shell("sleep 1000 & echo $!; setsid sleep 1000 & sleep 0.05; pgrep -n -f 'sleep 1000'; exit 0"));
  EXPECT_EQ(wait_for_exit(id).code, 0);
  const auto pids = lines(engine->log_path(id));
  ASSERT_FALSE(pids.empty());
  for (const std::string& pid : pids) EXPECT_FALSE(process::identify(static_cast<pid_t>(*parse_int(pid)))) << pid;
}

TEST_F(ProcessEngineTest, ContainersOutliveTheAgentAndAreTakenOver) {
  const std::string lives = started(shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done"));
  const std::string ends = started(shell("read x; exit 9"));  // stdin is /dev/null: at once
  const std::string never = *run(engine->create(shell("echo later")));
  while (lines(engine->log_path(lives)).empty()) loop.turn(false);
  wait_for_exit(ends);
  const auto before = process_of(lives);
  restart();
  EXPECT_EQ(inspect(lives).status, Status::running);
  EXPECT_EQ(process_of(lives), before);
  EXPECT_EQ(inspect(ends).status, Status::exited);
  EXPECT_EQ(inspect(ends).exit.code, 9);
  EXPECT_EQ(inspect(never).status, Status::created);
  EXPECT_TRUE(run(engine->start(lives)));  // already runs
  EXPECT_EQ(process_of(lives), before);
  EXPECT_TRUE(run(engine->stop(lives, 10s)));
  EXPECT_EQ(wait_for_exit(lives).code, 5);
  EXPECT_TRUE(run(engine->start(never)));
  EXPECT_EQ(wait_for_exit(never).code, 0);
}

TEST_F(ProcessEngineTest, ACodeIsKnownThoughNobodyWatched) {
  const std::string id = started(shell("sleep 0.05; exit 42"));
  const auto shim = process::read_state(directory.path() + "/containers/" + id)->shim;
  run_void(engine->close());
  const int fd = process::open_pidfd(shim);
  while (fd >= 0 && !process::has_ended(fd)) ::usleep(1000);
  if (fd >= 0) ::close(fd);
  engine.reset();
  engine = make();
  ASSERT_TRUE(run(engine->open(*this)));
  EXPECT_EQ(inspect(id).exit.code, 42);
  EXPECT_THAT(exits, IsEmpty());
}

TEST_F(ProcessEngineTest, AKilledShimTakesItsContainerAlong) {
  const std::string id = started(shell("sleep 1000"));
  const auto process = process_of(id);
  ::kill(process::read_state(directory.path() + "/containers/" + id)->shim.pid, SIGKILL);
  const Exit exit = wait_for_exit(id);
  EXPECT_EQ(exit.code, 137);
  EXPECT_THAT(exit.reason, HasSubstr("was killed"));
  const int fd = process::open_pidfd(process);
  while (fd >= 0 && !process::has_ended(fd)) ::usleep(1000);
  if (fd >= 0) ::close(fd);
  EXPECT_FALSE(process::identify(process.pid));
}

// The agent was killed between starting the shim and hearing from it. Starting another would run the container twice.
TEST_F(ProcessEngineTest, AShimThatHasJustBeenStartedIsWaitedFor) {
  const std::string id = *run(engine->create(shell("exec sleep 1000")));
  const std::string folder = directory.path() + "/containers/" + id;
  std::optional<process::StartLock> lock = *process::StartLock::take(folder);
  EXPECT_EQ(run(engine->start(id)).error().code, Code::conflict);
  close();
  engine = make();
  std::optional<Result<>> opened;
  const auto open = [&]() -> net::Task<> { opened = co_await engine->open(*this); };
  net::spawn(open());
  for (int i = 0; i < 3; ++i) loop.turn(true);
  EXPECT_FALSE(opened);

  const pid_t shim = ::fork();
  if (shim == 0)
    for (;;) ::pause();
  const auto who = process::identify(shim);
  ASSERT_TRUE(who);
  const std::string process =
      "{\"pid\":" + std::to_string(who->pid) + ",\"startTime\":" + std::to_string(who->start_time) + "}";
  ASSERT_TRUE(process::write_file(folder + "/state.json",
                                  "{\"process\":" + process + ",\"shim\":" + process + ",\"startedAt\":1}"));
  while (!opened) loop.turn(true);
  EXPECT_TRUE(*opened);
  EXPECT_EQ(inspect(id).status, Status::running);
  EXPECT_TRUE(run(engine->start(id))) << "it is not started again";
  ::kill(shim, SIGKILL);
  wait_for_exit(id);
  ::waitpid(shim, nullptr, 0);
  lock.reset();
  EXPECT_TRUE(run(engine->start(id)));
}

TEST_F(ProcessEngineTest, AShimHoldsTheLock) {
  const std::string id = started(shell("exec sleep 1000"));
  const std::string folder = directory.path() + "/containers/" + id;
  EXPECT_TRUE(process::StartLock::is_held(folder));
  restart();
  EXPECT_TRUE(process::StartLock::is_held(folder));
  EXPECT_TRUE(run(engine->stop(id, 1s)));
  EXPECT_FALSE(process::StartLock::is_held(folder));
}

TEST_F(ProcessEngineTest, RestartsInPlace) {
  const std::string id = started(shell("echo again"));
  wait_for_exit(id);
  EXPECT_TRUE(run(engine->start(id)));
  wait_for_exit(id);
  EXPECT_THAT(lines(engine->log_path(id)), ElementsAre("again", "again"));
}

TEST_F(ProcessEngineTest, GivesPortsByNetworkMode) {
  const std::string script = "echo $HOST $PORT $PORT_8080$PORT_8081; exec sleep 1000";
  const auto bindings = [&](NetworkMode mode, std::string task, uint16_t port = 8080) {
    auto spec = shell(script);
    spec.task_id = std::move(task);
    spec.network_mode = mode;
    spec.ports = {{port, 0, false}};
    return inspect(started(spec)).started.bindings;
  };
  const auto first = bindings(NetworkMode::bridge, "a"), second = bindings(NetworkMode::bridge, "b");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].bind_ip, "127.0.0.1");
  EXPECT_GE(first[0].host_port, 32768);
  EXPECT_NE(first[0].host_port, second[0].host_port);
  const auto own = bindings(NetworkMode::awsvpc, "c"), other = bindings(NetworkMode::awsvpc, "d");
  EXPECT_EQ(own[0].host_port, 8080);
  EXPECT_THAT(own[0].bind_ip, ::testing::StartsWith("127."));
  EXPECT_NE(own[0].bind_ip, other[0].bind_ip);
  EXPECT_EQ(bindings(NetworkMode::awsvpc, "c", 8081)[0].bind_ip, own[0].bind_ip);  // the task's
  EXPECT_THAT(bindings(NetworkMode::none, "e"), IsEmpty());

  // What it is told is what is reported.
  const auto ids = *run(engine->list());
  for (const std::string& id : ids) {
    const auto bound = inspect(id).started.bindings;
    if (bound.empty()) continue;
    while (lines(engine->log_path(id)).empty()) loop.turn(false);
    const std::string port = std::to_string(bound[0].host_port);
    EXPECT_THAT(lines(engine->log_path(id)), ElementsAre(bound[0].bind_ip + " " + port + " " + port));
  }
}

TEST_F(ProcessEngineTest, DoesNotPromiseAPortThatIsTaken) {
  const int taken = *net::listen_tcp("127.0.0.1", 0);
  auto spec = shell("sleep 1000");
  spec.ports = {{80, net::local_address(taken)->port, false}};
  const auto id = run(engine->create(spec));
  const auto start = run(engine->start(*id));
  ASSERT_FALSE(start);
  EXPECT_THAT(start.error().message, HasSubstr("address already in use"));
  ::close(taken);
  EXPECT_TRUE(run(engine->start(*id)));
}

TEST_F(ProcessEngineTest, ExecutesBesideTheContainer) {
  auto spec = shell("sleep 1000");
  spec.environment = {{"A", "yes"}};
  const std::string id = started(spec);
  EXPECT_EQ(*run(engine->exec(id, {"/bin/sh", "-c", "test $A = yes"}, 10s)), 0);
  EXPECT_EQ(*run(engine->exec(id, {"/bin/sh", "-c", "exit 3"}, 10s)), 3);
  EXPECT_EQ(*run(engine->exec(id, {"/no/such"}, 10s)), 127);
  EXPECT_EQ(run(engine->exec(id, {"sleep", "1000"}, 20ms)).error().code, Code::timeout);
}

TEST_F(ProcessEngineTest, KeepsLogsBounded) {
  const std::string id = started(shell("i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done"));
  wait_for_exit(id);
  const std::string path = engine->log_path(id);
  EXPECT_LE(std::filesystem::file_size(path), 4096u);
  EXPECT_LE(std::filesystem::file_size(path + ".1"), 4096u);
  EXPECT_FALSE(std::filesystem::exists(path + ".2"));
  EXPECT_EQ(lines(path).back(), "line 399");
}

TEST_F(ProcessEngineTest, LimitsMemoryWhereControlGroupsCanBeMade) {
  if (!process::Cgroups::find().limits_memory()) GTEST_SKIP() << "no control groups can be made here";
  auto spec = shell("x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo survived");
  spec.memory_bytes = 32 << 20;
  const std::string id = started(spec);
  const Exit exit = wait_for_exit(id);
  EXPECT_THAT(lines(engine->log_path(id)), Not(::testing::Contains("survived")));
  EXPECT_NE(exit.code, 0);
}

}  // namespace
}  // namespace fl::agent::engine
