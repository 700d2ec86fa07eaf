#include "agent/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "agent/metadata/aws_address.h"
#include "base/log.h"
#include "ecs/arn.h"
#include "ecs/shape.h"

namespace fl::agent {
namespace {

using ecs::text;

constexpr Duration kFirstWait = 500ms, kLongestWait = 30s;  // between attempts to register
// The kernel takes an agent's address away some time after that agent was killed.
constexpr Duration kAddressAgain = 100ms, kAddressWait = 3s;

bool is_unknown_cluster(const Error& error) {
  return error.message.contains("ClusterNotFound") || error.message.contains("Cluster not found");
}

// The ARN we were registered under is not taken any more: the control plane has lost or deregistered the instance.
bool is_unknown_instance(const Error& error) {
  return error.message.contains("InactiveInstance") || error.message.contains("InvalidInstance") ||
         (error.code == Code::invalid && error.message.contains("ontainer instance"));
}

}  // namespace

Agent::Agent(net::Loop& loop, engine::Engine& engine, session::ControlPlane& control_plane, AgentOptions options)
    : loop_(loop),
      engine_(engine),
      control_plane_(control_plane),
      options_(std::move(options)),
      store_(options_.data_directory + "/tasks"),
      reporter_(control_plane, instance_),
      acs_(control_plane, instance_, *this, [this](session::Rejection why) { return on_rejected(why); }),
      tcs_(control_plane, instance_, *this) {
  instance_.cluster = options_.registration.cluster;
  instance_.agent_version = session::kAgentVersion;
  instance_.agent_hash = session::kAgentHash;
  instance_.engine_version = engine.facts().version;
}

Agent::~Agent() = default;

net::Task<Result<>> Agent::run(net::StopSource& stop) {
  stop_ = &stop;
  std::error_code error;
  std::filesystem::create_directories(options_.data_directory, error);
  if (error)
    co_return fail(Code::unavailable, fmt::format("cannot make {}: {}", options_.data_directory, error.message()));
  FL_CO_TRY_VOID(store_.open());
  FL_CO_TRY(identity_, session::load_identity(identity_path()));
  auto endpoint = metadata::MetadataServer::listen(loop_, *this, control_plane_, engine_, options_.metadata_address,
                                                   identity_.metadata_port);
  std::unique_ptr<metadata::MetadataServer> metadata;
  if (endpoint) {
    metadata = std::move(*endpoint);
    identity_.metadata_port = metadata->port();
    surroundings_.metadata_url = fmt::format("http://{}:{}", options_.metadata_address, metadata->port());
  } else {
    log::warn("{}; containers get no metadata", endpoint.error().message);
  }
  FL_CO_TRY_VOID(session::save_identity(identity_path(), identity_));
  surroundings_.cluster = options_.registration.cluster;
  surroundings_.region = options_.registration.region;
  surroundings_.availability_zone = options_.registration.availability_zone;
  surroundings_.execution_env = options_.registration.is_external ? "AWS_ECS_EXTERNAL" : "AWS_ECS_EC2";

  auto ready = co_await engine_.open(*this);
  if (ready && metadata != nullptr && !engine_.facts().bridge_gateway.empty()) co_await serve_bridge(*metadata, stop);
  if (ready) ready = co_await take_over_tasks();
  if (ready) {
    log::info("agent: engine {} {} ({}), {} tasks taken over", engine_.facts().name, engine_.facts().version,
              engine_.facts().why, runners_.size());
    co_await stay_in_touch(stop);
  }
  if (options_.stop_tasks) co_await stop_containers();
  co_await engine_.close();
  for (auto& [id, runner] : runners_) co_await runner->close();
  if (metadata != nullptr) co_await metadata->close();
  for (auto& [id, runner] : runners_) reporter_.forget(*runner);
  runners_.clear();
  co_return ready;
}

// Containers on a bridge do not share our loopback. They are given AWS's own address where that can be had, else the
// bridge's gateway, where nobody but they and this machine can reach us; those of before may know either.
net::Task<> Agent::serve_bridge(metadata::MetadataServer& metadata, net::StopSource& stop) {
  const std::string& gateway = engine_.facts().bridge_gateway;
  const auto also = metadata.listen_also(gateway);
  if (also) surroundings_.bridge_metadata_url = fmt::format("http://{}:{}", gateway, metadata.port());

  const TimePoint until = loop_.now() + kAddressWait;
  auto listener = metadata::listen_on_aws_address();
  while (!listener && listener.error().code == Code::conflict && loop_.now() < until &&
         co_await net::sleep_for(kAddressAgain, stop))
    listener = metadata::listen_on_aws_address();
  if (listener) {
    metadata.accept_on(*listener);
    surroundings_.bridge_metadata_url = fmt::format("http://{}", metadata::kAwsAddress);
    surroundings_.has_aws_address = true;
    co_return;
  }
  log::warn("no metadata at {} ({}); containers on the bridge get {}", metadata::kAwsAddress, listener.error().message,
            also ? surroundings_.bridge_metadata_url + ", where AWS's SDKs refuse to ask for credentials"
                 : "none: " + also.error().message);
}

// ---- tasks of before

net::Task<Result<>> Agent::take_over_tasks() {
  const auto found = co_await engine_.list();  // before tasks that go on make more of them
  for (task::TaskRecord& record : store_.load()) FL_CO_TRY_VOID(co_await adopt(std::move(record)));
  if (found)
    co_await remove_orphans(*found);
  else
    log::warn("orphaned containers cannot be looked for: {}", found.error().message);
  co_return Result<>();
}

net::Task<Result<>> Agent::adopt(task::TaskRecord record) {
  auto spec = task::make_spec(record.definition, {options_.data_directory, options_.stop_timeout});
  if (!spec) {
    // It was accepted once; an older or newer agent's idea of a task. Its containers are orphans from now on.
    log::error("task {} cannot be taken over: {}", text(record.definition.arn), spec.error().message);
    co_return Result<>();
  }
  task::Runner& begun = add_runner(std::move(*spec), std::move(record));
  FL_CO_TRY_VOID(co_await begun.begin());
  reporter_.notify(begun);
  co_return Result<>();
}

task::Runner& Agent::add_runner(task::TaskSpec spec, task::TaskRecord record) {
  const std::string id = spec.id;
  task::RunnerListener& listener = *this;
  return *runners_
              .insert_or_assign(
                  id, std::make_unique<task::Runner>(loop_, engine_, store_, surroundings_, options_.tasks, listener,
                                                     std::move(spec), std::move(record)))
              .first->second;
}

// Containers of ours that belong to no task: made in the moment before a crash, or of tasks that cannot be read.
net::Task<> Agent::remove_orphans(std::vector<std::string> found) {
  for (const std::string& id : found) {
    if (std::ranges::any_of(runners_, [&](const auto& entry) { return entry.second->owns(id); })) continue;
    log::warn("container {} belongs to no task: stopping and removing it", id);
    auto gone = co_await engine_.stop(id, options_.stop_timeout);
    if (gone) gone = co_await engine_.remove(id);
    if (!gone && gone.error().code != Code::not_found) log::warn("container {}: {}", id, gone.error().message);
  }
  co_await end_tasks([this](const std::string& task) { return !runners_.contains(task); });
}

// What the engine keeps for tasks of which `is_over`.
net::Task<> Agent::end_tasks(std::function<bool(const std::string& id)> is_over) {
  const auto kept = co_await engine_.kept_tasks();
  if (!kept) co_return log::warn("networks of tasks cannot be looked for: {}", kept.error().message);
  for (const std::string& task : *kept) {
    if (!is_over(task)) continue;
    if (const auto ended = co_await engine_.end_task(task); !ended)
      log::warn("network of task {}: {}", task, ended.error().message);
  }
}

net::Task<> Agent::stop_containers() {
  const auto ids = co_await engine_.list();
  if (!ids) {
    log::warn("containers cannot be stopped: {}", ids.error().message);
    co_return;
  }
  const auto stop = [](engine::Engine& engine, std::string id, Duration timeout) -> net::Task<> {
    if (const auto gone = co_await engine.stop(id, timeout); !gone)
      log::warn("container {}: {}", id, gone.error().message);
  };
  net::TaskScope stops;
  for (const std::string& id : *ids) stops.spawn(stop(engine_, id, options_.stop_timeout));
  co_await stops.join();
  co_await end_tasks([](const std::string&) { return true; });
}

// ---- registration and sessions

net::Task<> Agent::stay_in_touch(net::StopSource& stop) {
  co_await register_instance(stop);
  net::TaskScope sessions;
  if (!stop.stop_requested()) {
    sessions.spawn(reporter_.run(stop));
    sessions.spawn(session::keep_connected(control_plane_, acs_, "ACS", stop));
    sessions.spawn(session::keep_connected(control_plane_, tcs_, "TCS", stop));
  }
  co_await sessions.join();
}

net::Task<> Agent::register_instance(net::StopSource& stop) {
  session::Backoff backoff(kFirstWait, kLongestWait);
  while (!stop.stop_requested()) {
    const auto registered = co_await try_to_register();
    if (registered || stop.stop_requested()) co_return;
    const Duration wait = backoff.next();
    log::warn("cannot register: {}; again in {}", registered.error().message,
              format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(wait)));
    co_await net::sleep_for(wait, stop);
  }
}

net::Task<> Agent::on_rejected(session::Rejection why) {
  if (why == session::Rejection::deregistered) {
    // Registering anew would undo what somebody has just asked for, and keep the cluster from being deleted. Nor does
    // it help to ask again: an ARN once INACTIVE stays so.
    log::warn("{} was deregistered: its tasks run on, new ones do not come; start the agent again to register anew",
              instance_.arn);
    while (!stop_->stop_requested()) co_await net::sleep_for(24h, *stop_);
    co_return;
  }
  log::warn("the control plane does not know this container instance; registering anew");
  identity_.container_instance_arn.clear();
  co_await register_instance(*stop_);
}

net::Task<Result<>> Agent::try_to_register() {
  // An ARN belongs to its cluster; in another one this is a new instance.
  if (identity_.cluster != options_.registration.cluster) identity_.container_instance_arn.clear();
  auto answer = co_await control_plane_.call<ecs::op::RegisterContainerInstance>(
      session::registration(options_.registration, engine_.facts(), session::this_machine(), identity_));
  if (!answer && is_unknown_cluster(answer.error()) && options_.registration.cluster == "default") {
    // As the genuine agent does when no cluster was configured.
    ecs::CreateClusterRequest request;
    request.cluster_name = "default";
    FL_CO_TRY_VOID(co_await control_plane_.call<ecs::op::CreateCluster>(std::move(request)));
    answer = co_await control_plane_.call<ecs::op::RegisterContainerInstance>(
        session::registration(options_.registration, engine_.facts(), session::this_machine(), identity_));
  }
  if (!answer) {
    if (!identity_.container_instance_arn.empty() && is_unknown_instance(answer.error()))
      identity_.container_instance_arn.clear();
    co_return tl::make_unexpected(std::move(answer).error());
  }
  if (!answer->container_instance || !answer->container_instance->container_instance_arn)
    co_return fail(Code::unavailable, "RegisterContainerInstance names no ARN");
  identity_.container_instance_arn = *answer->container_instance->container_instance_arn;
  identity_.cluster = options_.registration.cluster;
  instance_.arn = identity_.container_instance_arn;
  log::info("registered as {}", instance_.arn);
  co_return session::save_identity(identity_path(), identity_);
}

// ---- what the control plane asks

net::Task<bool> Agent::take_task(ecs::agent::Task task) {
  const bool is_to_stop = text(task.desired_status) == "STOPPED";
  const auto arn = ecs::parse_arn(text(task.arn));
  const std::string id(arn ? arn->name() : std::string_view());
  if (const auto known = runners_.find(id); known != runners_.end()) {
    if (is_to_stop) known->second->stop("");
    co_return true;
  }
  if (is_to_stop) co_return co_await refuse(std::move(task), {Code::not_found, "the task is not known here"});
  auto spec = task::make_spec(task, {options_.data_directory, options_.stop_timeout});
  if (!spec) co_return co_await refuse(std::move(task), spec.error());
  task::TaskRecord record = task::new_record(task, spec->containers.size());
  task::Runner& begun = add_runner(std::move(*spec), std::move(record));
  if (const auto kept = co_await begun.begin(); !kept) {
    log::error("task {} cannot be kept: {}", id, kept.error().message);
    begun.stop("ResourceInitializationError: " + kept.error().message);
  }
  co_return true;
}

// A task that never gets as far as a runner: it is told to have stopped, with the reason. -> the control plane knows
net::Task<bool> Agent::refuse(ecs::agent::Task task, Error error) {
  log::warn("task {} is refused: {}", text(task.arn), error.message);
  ecs::SubmitTaskStateChangeRequest request;
  request.cluster = instance_.cluster;
  request.task = text(task.arn);
  request.status = "STOPPED";
  request.reason = error.message;
  request.execution_stopped_at = loop_.wall();
  const auto told = co_await control_plane_.call<ecs::op::SubmitTaskStateChange>(std::move(request));
  if (!told) log::warn("task {}: {}", text(task.arn), told.error().message);
  co_return told || told.error().code == Code::invalid || told.error().code == Code::not_found;
}

void Agent::take_credentials(const ecs::agent::RoleCredentials& credentials) {
  if (credentials.credentials_id) credentials_[*credentials.credentials_id] = credentials;
}

std::vector<std::string> Agent::living_tasks() const {
  std::vector<std::string> out;
  for (const auto& [id, runner] : runners_)
    if (runner->machine().status() != task::TaskStatus::stopped) out.push_back(runner->spec().arn);
  return out;
}

void Agent::stop_task(const std::string& arn, const std::string& reason) {
  for (auto& [id, runner] : runners_)
    if (runner->spec().arn == arn) runner->stop(reason);
}

// ---- what happens here

void Agent::on_exit(const std::string& id, const engine::Exit& exit) noexcept {
  for (auto& [task, runner] : runners_)
    if (runner->on_exit(id, exit)) return;
}

void Agent::on_task_changed(task::Runner& runner) {
  reporter_.notify(runner);
  if (std::ranges::any_of(runner.spec().containers, [](const auto& plan) { return plan.health_check.has_value(); }))
    tcs_.on_health_changed();
}

void Agent::on_task_gone(task::Runner& runner) {
  reporter_.forget(runner);
  // Called by the runner's own coroutine, which has to end first.
  loop_.post([self = std::weak_ptr<Agent*>(self_), id = runner.spec().id] {
    const auto agent = self.lock();
    if (agent == nullptr) return;
    auto& runners = (*agent)->runners_;
    const auto found = runners.find(id);
    if (found == runners.end()) return;
    (*agent)->credentials_.erase(found->second->spec().credentials_id);
    runners.erase(found);
  });
}

std::vector<ecs::agent::TaskHealth> Agent::task_health() const {
  std::vector<ecs::agent::TaskHealth> out;
  for (const auto& [id, runner] : runners_) {
    const task::Machine& machine = runner->machine();
    if (machine.status() == task::TaskStatus::stopped) continue;
    std::vector<ecs::agent::ContainerHealth> containers;
    for (size_t i = 0; i < machine.containers().size(); ++i) {
      if (!machine.spec().containers[i].health_check || machine.containers()[i].phase != task::Phase::running) continue;
      containers.push_back({machine.spec().containers[i].name, std::string(to_text(machine.containers()[i].health)),
                            machine.containers()[i].health_since});
    }
    if (containers.empty()) continue;
    out.push_back({.task_arn = machine.spec().arn,
                   .cluster_arn = {},
                   .task_definition_family = machine.spec().family,
                   .task_definition_version = machine.spec().revision,
                   .containers = std::move(containers)});
  }
  return out;
}

net::Task<std::vector<ecs::agent::TaskMetric>> Agent::task_metrics() {
  // The engine is asked between; tasks may come and go meanwhile.
  struct Running {
    std::string arn, family, revision, name, runtime_id;
  };
  std::vector<Running> running;
  for (const auto& [id, runner] : runners_)
    for (size_t i = 0; i < runner->spec().containers.size(); ++i)
      if (const auto& container = runner->machine().containers()[i]; container.phase == task::Phase::running)
        running.push_back({runner->spec().arn, runner->spec().family, runner->spec().revision,
                           runner->spec().containers[i].name, container.runtime_id});
  std::vector<ecs::agent::TaskMetric> out;
  std::map<std::string, Sample> fresh;
  for (const Running& container : running) {
    const auto usage = co_await engine_.usage(container.runtime_id);
    if (!usage) continue;
    const Sample sample = fresh[container.runtime_id] = {*usage, loop_.now()};
    const auto before = samples_.find(container.runtime_id);
    if (before == samples_.end() || sample.at <= before->second.at || usage->cpu_ns < before->second.usage.cpu_ns)
      continue;
    const auto set = [](double value) { return ecs::agent::StatsSet{value, value, value, 1}; };
    const double cpu = 100.0 * static_cast<double>(usage->cpu_ns - before->second.usage.cpu_ns) /
                       static_cast<double>((sample.at - before->second.at).count());
    if (out.empty() || out.back().task_arn != container.arn)
      out.push_back({.task_arn = container.arn,
                     .cluster_arn = {},
                     .task_definition_family = container.family,
                     .task_definition_version = container.revision,
                     .container_metrics = std::vector<ecs::agent::ContainerMetric>{}});
    out.back().container_metrics->push_back(
        {container.name, set(cpu), set(static_cast<double>(usage->memory_bytes >> 20))});
  }
  samples_ = std::move(fresh);
  co_return out;
}

std::vector<const task::Runner*> Agent::runners() const {
  std::vector<const task::Runner*> out;
  for (const auto& [id, runner] : runners_) out.push_back(runner.get());
  return out;
}

const ecs::agent::RoleCredentials* Agent::credentials(std::string_view id) const {
  const auto found = credentials_.find(id);
  return found == credentials_.end() ? nullptr : &found->second;
}

}  // namespace fl::agent
