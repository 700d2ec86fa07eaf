// An agent with real processes for containers, whose control plane is the test.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/engine/process/process_engine.h"
#include "agent/engine/process/shim.h"
#include "agent/fake_control_plane_for_test.h"
#include "aws/environment.h"
#include "ecs/shape.h"
#include "http/fetch.h"
#include "net/resolver.h"
#include "support/temporary_directory.h"

namespace fl::agent {

inline std::string task_arn(std::string_view id) {
  return fmt::format("arn:aws:ecs:eu-west-1:000000000000:task/fl/{}", id);
}

inline ecs::agent::Container shell(std::string name, std::string script) {
  ecs::agent::Container container;
  container.name = std::move(name);
  container.image = "host";
  container.command = ecs::agent::Strings{"/bin/sh", "-c", std::move(script)};
  container.essential = true;
  container.stop_timeout = 2;
  return container;
}

// One life of the agent; several may follow each other in one data directory.
class Life {
 public:
  Life(net::Loop& loop, const std::string& directory, const std::string& url, Duration cleanup_wait = 1h)
      : loop_(loop),
        environment_({{"AWS_ENDPOINT_URL_ECS", url}, {"AWS_ACCESS_KEY_ID", "x"}, {"AWS_SECRET_ACCESS_KEY", "y"}}),
        engine_(loop,
                {.directory = directory, .program = std::filesystem::read_symlink("/proc/self/exe"), .why = "test"}) {
    AgentOptions options;
    options.data_directory = directory;
    options.registration.cluster = "fl";
    options.registration.region = "eu-west-1";
    options.registration.availability_zone = "eu-west-1b";
    options.registration.attributes = {{"role", "web"}};
    options.tasks.cleanup_wait = cleanup_wait;
    control_plane_ = *session::ControlPlane::create(fetcher_, environment_, {.region = "eu-west-1", .stop = &stop_});
    agent_.emplace(loop_, engine_, *control_plane_, std::move(options));
    net::spawn(run());
  }
  void stop() { stop_.request_stop(); }
  bool ended() const { return result_.has_value(); }
  Result<>& result() { return *result_; }

 private:
  net::Task<> run() { result_ = co_await agent_->run(stop_); }

  net::Loop& loop_;
  net::StopSource stop_;
  aws::FixedEnvironment environment_;
  net::Resolver resolver_{loop_};
  http::Fetcher fetcher_{loop_, resolver_, nullptr};
  engine::ProcessEngine engine_;
  std::unique_ptr<session::ControlPlane> control_plane_;
  std::optional<Agent> agent_;
  std::optional<Result<>> result_;
};

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() {
    loop.make_current();
    control.emplace(loop);
  }
  void TearDown() override {
    if (life) end();
    // What a test leaves running ends with it.
    for (const auto& entry : std::filesystem::directory_iterator(directory.path() + "/containers"))
      if (const auto state = engine::process::read_state(entry.path())) {
        const int fd = engine::process::open_pidfd(state->shim);
        if (fd < 0) continue;
        engine::process::send_signal(fd, SIGKILL);
        ::close(fd);
      }
    control->close();
    EXPECT_TRUE(turn_until([&] { return control->idle(); }));
  }

  template <class Condition>
  [[nodiscard]] bool turn_until(Condition condition) {
    const TimePoint give_up = system_clock().now() + 10s;
    while (!condition()) {
      if (system_clock().now() > give_up) return false;
      loop.post([] {});  // so that waiting ends
      loop.turn(true);
    }
    return true;
  }

  void begin(Duration cleanup_wait = 1h) { life.emplace(loop, directory.path(), control->url(), cleanup_wait); }
  void end() {
    life->stop();
    ASSERT_TRUE(turn_until([&] { return life->ended(); }));
    life.reset();
  }
  void connected() {
    ASSERT_TRUE(turn_until([&] { return control->has_acs(); }));
  }

  void send_task(std::string_view id, std::vector<ecs::agent::Container> containers, std::string status = "RUNNING",
                 std::optional<std::string> network_mode = std::nullopt) {
    ecs::agent::Task task;
    task.arn = task_arn(id);
    task.desired_status = std::move(status);
    task.family = "web";
    task.version = "1";
    task.network_mode = std::move(network_mode);
    task.containers = std::move(containers);
    ecs::agent::PayloadMessage message;
    message.message_id = fmt::format("m-{}", ++messages);
    message.tasks = std::vector{task};
    control->send(message);
  }
  [[nodiscard]] bool told(std::string_view id, const std::vector<std::string>& statuses) {
    return turn_until([&] { return control->told(task_arn(id)) == statuses; });
  }
  // What is not acknowledged would be told again by the next agent.
  [[nodiscard]] bool knows_running_was_told(std::string_view id) {
    return turn_until([&] {
      const auto text = engine::process::read_file(fmt::format("{}/tasks/{}.json", directory.path(), id));
      return text && text->contains(R"("reported":1)");
    });
  }
  const ecs::SubmitTaskStateChangeRequest& last_change() { return control->changes.back(); }
  const ecs::ContainerStateChange& container_change(std::string_view name) {
    for (const auto& change : ecs::items(last_change().containers))
      if (change.container_name == name && change.status == last_change().status) return change;
    ADD_FAILURE() << "nothing is told of " << name;
    static const ecs::ContainerStateChange kNone;
    return kNone;
  }
  size_t containers_on_disk() const {
    const std::filesystem::directory_iterator all(directory.path() + "/containers");
    return static_cast<size_t>(std::distance(begin_of(all), end_of(all)));
  }
  static std::filesystem::directory_iterator begin_of(std::filesystem::directory_iterator it) { return it; }
  static std::filesystem::directory_iterator end_of(const std::filesystem::directory_iterator&) { return {}; }

  TemporaryDirectory directory;
  net::Loop loop;
  std::optional<FakeControlPlane> control;
  std::optional<Life> life;
  int messages = 0;
};

}  // namespace fl::agent
