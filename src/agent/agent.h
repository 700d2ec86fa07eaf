// The agent of one container instance: registers it, runs the tasks the control plane sends, tells what becomes of
// them. Everything lies on one loop, the agent's. Containers outlive it: an agent that starts again takes them over.
//
//   engine, tasks of before -> [registered -> ACS, TCS, reports] until stopped; tasks go on whether or not the control
//   plane is there
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/engine.h"
#include "agent/metadata/metadata_server.h"
#include "agent/session/acs.h"
#include "agent/session/control_plane.h"
#include "agent/session/identity.h"
#include "agent/session/registration.h"
#include "agent/session/reporter.h"
#include "agent/session/tcs.h"
#include "agent/task/runner.h"
#include "agent/task/store.h"
#include "net/loop.h"
#include "net/stop.h"

namespace fl::agent {

struct AgentOptions {
  std::string data_directory;
  session::RegistrationOptions registration;
  task::RunnerOptions tasks;
  Duration stop_timeout = 30s;                 // of containers whose definition names none
  std::string metadata_address = "127.0.0.1";  // where containers reach the metadata endpoint
  bool stop_tasks = false;                     // at the end; the next start tells what became of them
};

class Agent final : private engine::ExitListener,
                    private task::RunnerListener,
                    private session::TaskAuthority,
                    private session::TelemetrySource,
                    private metadata::TaskDirectory {
 public:
  // What is given outlives the agent.
  Agent(net::Loop& loop, engine::Engine& engine, session::ControlPlane& control_plane, AgentOptions options);
  ~Agent();

  // Returns when `stop` is requested, with the tasks still running unless options say otherwise, or when it cannot
  // begin: the data directory or the engine cannot be used.
  net::Task<Result<>> run(net::StopSource& stop);

  const std::string& container_instance_arn() const { return instance_.arn; }

 private:
  // engine::ExitListener
  void on_exit(const std::string& id, const engine::Exit& exit) noexcept override;
  // task::RunnerListener
  void on_task_changed(task::Runner& runner) override;
  void on_task_gone(task::Runner& runner) override;
  // session::TaskAuthority
  net::Task<bool> take_task(ecs::agent::Task task) override;
  void take_credentials(const ecs::agent::RoleCredentials& credentials) override;
  std::vector<std::string> living_tasks() const override;
  void stop_task(const std::string& arn, const std::string& reason) override;
  // session::TelemetrySource
  std::vector<ecs::agent::TaskHealth> task_health() const override;
  net::Task<std::vector<ecs::agent::TaskMetric>> task_metrics() override;
  // metadata::TaskDirectory
  std::vector<const task::Runner*> runners() const override;
  const ecs::agent::RoleCredentials* credentials(std::string_view id) const override;

  net::Task<> serve_bridge(metadata::MetadataServer& metadata, net::StopSource& stop);
  net::Task<Result<>> take_over_tasks();
  net::Task<Result<>> adopt(task::TaskRecord record);
  net::Task<> remove_orphans(std::vector<std::string> found);
  net::Task<> end_tasks(std::function<bool(const std::string& id)> is_over);
  net::Task<> stop_containers();
  net::Task<> register_instance(net::StopSource& stop);
  net::Task<> on_rejected(session::Rejection why);
  net::Task<Result<>> try_to_register();
  net::Task<> stay_in_touch(net::StopSource& stop);
  net::Task<bool> refuse(ecs::agent::Task task, Error error);
  task::Runner& add_runner(task::TaskSpec spec, task::TaskRecord record);
  std::string identity_path() const { return options_.data_directory + "/agent.json"; }

  net::Loop& loop_;
  engine::Engine& engine_;
  session::ControlPlane& control_plane_;
  const AgentOptions options_;
  task::Surroundings surroundings_;
  task::TaskStore store_;
  session::Identity identity_;
  session::InstanceName instance_;
  session::StateReporter reporter_;
  session::AcsChannel acs_;
  session::TcsChannel tcs_;
  std::map<std::string, std::unique_ptr<task::Runner>> runners_;  // by task id
  std::map<std::string, ecs::agent::RoleCredentials, std::less<>> credentials_;
  struct Sample {
    engine::Usage usage;
    TimePoint at;
  };
  std::map<std::string, Sample> samples_;  // by runtime id
  net::StopSource* stop_ = nullptr;
  const std::shared_ptr<Agent*> self_ = std::make_shared<Agent*>(this);  // for letters that may come after our end
};

}  // namespace fl::agent
