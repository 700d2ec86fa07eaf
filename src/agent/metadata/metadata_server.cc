#include "agent/metadata/metadata_server.h"

#include <fmt/format.h>

#include "agent/metadata/task_protection.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecs/shape.h"
#include "http/whole_body.h"

namespace fl::agent::metadata {
namespace {

constexpr size_t kMaxBody = 4096;

using ecs::text;
using task::ContainerRecord;
using task::Phase;

std::string_view known_status(const ContainerRecord& container) {
  switch (container.phase) {
    case Phase::none:
    case Phase::pulling: return "NONE";
    case Phase::pulled:
    case Phase::creating: return "PULLED";
    case Phase::created:
    case Phase::starting: return "CREATED";
    case Phase::running: return "RUNNING";
    case Phase::stopped: return "STOPPED";
  }
  return "NONE";
}

void add_time(json::Object& out, std::string key, const std::optional<WallTime>& time) {
  if (time) out.emplace_back(std::move(key), format_rfc3339(*time));
}

json::Value container_json(const task::Runner& runner, size_t i) {
  const task::TaskSpec& task = runner.spec();
  const task::ContainerPlan& plan = task.containers[i];
  const ContainerRecord& container = runner.machine().containers()[i];
  json::Object labels;
  for (const auto& [key, value] : task::container_labels(task, i, runner.surroundings()))
    labels.emplace_back(key, value);
  json::Object out{{"DockerId", container.runtime_id},
                   {"Name", plan.name},
                   {"DockerName", task::container_name(task, plan.name, runner.name_suffix())},
                   {"Image", text(plan.definition.image)},
                   {"Labels", std::move(labels)},
                   {"DesiredStatus", runner.machine().is_to_stop() ? "STOPPED" : "RUNNING"},
                   {"KnownStatus", known_status(container)},
                   {"Limits", json::Object{{"CPU", int64_t{plan.definition.cpu.value_or(0)}},
                                           {"Memory", int64_t{plan.definition.memory.value_or(0)}}}},
                   {"Type", "NORMAL"},
                   {"ContainerARN", text(plan.definition.container_arn)},
                   {"RestartCount", container.restart_count}};
  add_time(out, "StartedAt", container.started_at);
  add_time(out, "FinishedAt", container.finished_at);
  if (container.exit_code) out.emplace_back("ExitCode", *container.exit_code);
  if (plan.health_check) {
    json::Object health{{"status", to_text(container.health)}};
    add_time(health, "statusSince", container.health_since);
    out.emplace_back("Health", std::move(health));
  }
  json::Array ports, addresses;
  if (!container.address.empty()) addresses.emplace_back(container.address);
  for (const engine::PortBinding& binding : container.bindings) {
    ports.push_back(json::Object{{"ContainerPort", int64_t{binding.container_port}},
                                 {"HostPort", int64_t{binding.host_port}},
                                 {"HostIp", binding.bind_ip},
                                 {"Protocol", binding.udp ? "udp" : "tcp"}});
    if (addresses.empty()) addresses.emplace_back(binding.bind_ip);
  }
  if (!ports.empty()) out.emplace_back("Ports", std::move(ports));
  out.emplace_back("Networks", json::Array{json::Object{{"NetworkMode", engine::to_text(task.network_mode)},
                                                        {"IPv4Addresses", std::move(addresses)}}});
  return out;
}

json::Value task_json(const task::Runner& runner) {
  const task::TaskSpec& task = runner.spec();
  json::Object out{{"Cluster", task.cluster_arn},
                   {"TaskARN", task.arn},
                   {"Family", task.family},
                   {"Revision", task.revision},
                   {"DesiredStatus", runner.machine().is_to_stop() ? "STOPPED" : "RUNNING"},
                   {"KnownStatus", to_text(runner.machine().status())},
                   {"LaunchType", task.launch_type}};
  if (const std::string& zone = runner.surroundings().availability_zone; !zone.empty())
    out.emplace_back("AvailabilityZone", zone);
  json::Object limits;
  if (task.definition.cpu && *task.definition.cpu > 0) limits.emplace_back("CPU", *task.definition.cpu);
  if (task.definition.memory && *task.definition.memory > 0)
    limits.emplace_back("Memory", int64_t{*task.definition.memory});
  if (!limits.empty()) out.emplace_back("Limits", std::move(limits));
  if (!task.service_name.empty()) out.emplace_back("ServiceName", task.service_name);
  add_time(out, "PullStartedAt", runner.machine().pull_started_at);
  add_time(out, "PullStoppedAt", runner.machine().pull_stopped_at);
  json::Array containers;
  for (size_t i = 0; i < task.containers.size(); ++i) containers.push_back(container_json(runner, i));
  out.emplace_back("Containers", std::move(containers));
  return out;
}

// A container whose use is asked for: the runner may be gone before the engine answers.
struct Measured {
  std::string id, name;
  int64_t memory_limit = 0;  // bytes; 0: none
};

std::vector<Measured> running_containers(const task::Runner& runner) {
  std::vector<Measured> out;
  for (size_t i = 0; i < runner.spec().containers.size(); ++i) {
    const ContainerRecord& container = runner.machine().containers()[i];
    const task::ContainerPlan& plan = runner.spec().containers[i];
    if (container.phase == Phase::running)
      out.push_back({container.runtime_id, task::container_name(runner.spec(), plan.name, runner.name_suffix()),
                     int64_t{plan.definition.memory.value_or(0)} << 20});
  }
  return out;
}

// What every engine can tell of docker's statistics.
json::Value stats_json(const Measured& container, const engine::Usage& usage, WallTime now) {
  json::Object memory{{"usage", static_cast<int64_t>(usage.memory_bytes)}};
  if (container.memory_limit > 0) memory.emplace_back("limit", container.memory_limit);
  return json::Object{
      {"read", format_rfc3339(now)},
      {"id", container.id},
      {"name", "/" + container.name},
      {"cpu_stats", json::Object{{"cpu_usage", json::Object{{"total_usage", static_cast<int64_t>(usage.cpu_ns)}}}}},
      {"memory_stats", std::move(memory)}};
}

json::Value credentials_json(const ecs::agent::RoleCredentials& credentials) {
  return json::Object{{"RoleArn", text(credentials.role_arn)},
                      {"AccessKeyId", text(credentials.access_key_id)},
                      {"SecretAccessKey", text(credentials.secret_access_key)},
                      {"Token", text(credentials.session_token)},
                      {"Expiration", text(credentials.expiration)}};
}

}  // namespace

class MetadataServer::Handler final : public http::Handler {
 public:
  Handler(net::Loop& loop, const TaskDirectory& tasks, session::ControlPlane& control_plane, engine::Engine& engine)
      : loop_(loop), tasks_(tasks), control_plane_(control_plane), engine_(engine) {}

  net::Task<> handle(http::Exchange& exchange) const override {
    const auto parts = split(exchange.request.path, '/');  // "", "v4", ID, ["task"], ["stats"]
    const std::string_view rest = parts.size() > 3 ? parts[3] : std::string_view();
    if (parts.size() == 6 && parts[1] == "api" && rest == "task-protection" && parts[4] == "v1" && parts[5] == "state")
      co_return co_await protection(exchange, std::string(parts[2]));
    if (parts.size() >= 3 && exchange.request.method_id == http::Method::get) {
      const bool is_metadata = parts[1] == "v4" || parts[1] == "v3";
      if (is_metadata && parts.back() == "stats" && (parts.size() == 4 || (parts.size() == 5 && rest == "task")))
        co_return co_await stats(exchange, std::string(parts[2]), parts.size() == 5);
      if (is_metadata && parts.size() <= 4) co_return metadata(exchange, parts[2], rest);
      if (parts[1] == "v2" && parts[2] == "credentials" && parts.size() == 4) co_return credentials(exchange, rest);
    }
    exchange.respond(404, "404 page not found\n");
  }

 private:
  // The container of that id; null when there is none.
  std::pair<const task::Runner*, size_t> find(std::string_view id) const {
    if (!id.empty())
      for (const task::Runner* runner : tasks_.runners())
        for (size_t i = 0; i < runner->spec().containers.size(); ++i)
          if (runner->metadata_id(i) == id) return {runner, i};
    return {nullptr, 0};
  }
  net::Task<> protection(http::Exchange& exchange, std::string id) const {
    const bool is_change = exchange.request.method_id == http::Method::put;
    if (!is_change && exchange.request.method_id != http::Method::get)
      co_return exchange.respond(405, "405 method not allowed\n");
    http::WholeBody body;
    if (is_change) body = co_await http::read_whole_body(exchange, kMaxBody);
    if (body.error != http::BodyError::none) {
      exchange.close_connection = true;
      co_return exchange.respond(400, "400 bad request\n");
    }
    const task::Runner* runner = find(id).first;
    if (runner == nullptr) co_return exchange.respond(404, "404 page not found\n");
    // The task may be gone before the answer is there.
    ProtectionCall call{.task_arn = runner->spec().arn, .cluster_arn = runner->spec().cluster_arn, .role = nullptr};
    if (const auto* role = tasks_.credentials(runner->spec().credentials_id); role != nullptr)
      call.role = std::make_unique<aws::FixedCredentials>(
          aws::Credentials{.access_key_id = std::string(text(role->access_key_id)),
                           .secret_access_key = std::string(text(role->secret_access_key)),
                           .session_token = std::string(text(role->session_token)),
                           .expires = std::nullopt});
    if (is_change) call.change = std::move(body.text);
    const ProtectionAnswer told = co_await task_protection(control_plane_, std::move(call));
    exchange.respond_owned(told.status, json::to_text(told.body), "application/json");
  }
  void metadata(http::Exchange& exchange, std::string_view id, std::string_view what) const {
    if (const auto [runner, container] = find(id); runner != nullptr) {
      if (what.empty()) return answer(exchange, container_json(*runner, container));
      if (what == "task" || what == "taskWithTags") return answer(exchange, task_json(*runner));
    }
    unknown(exchange);
  }
  // Of the container, or of each that runs of its task, by DockerId. Null for one that does not run.
  net::Task<> stats(http::Exchange& exchange, std::string id, bool of_task) const {
    const auto [runner, container] = find(id);
    if (runner == nullptr) co_return unknown(exchange);
    const std::string own_id = runner->machine().containers()[container].runtime_id;
    json::Object all;
    json::Value own;
    for (const Measured& one : running_containers(*runner)) {
      if (!of_task && one.id != own_id) continue;
      const auto usage = co_await engine_.usage(one.id);
      if (!usage) continue;  // it has just ended
      own = stats_json(one, *usage, loop_.wall());
      if (of_task) all.emplace_back(one.id, own);
    }
    answer(exchange, of_task ? json::Value(std::move(all)) : own);
  }
  static void unknown(http::Exchange& exchange) {
    exchange.respond_owned(404, json::to_text("V4 metadata handler: unable to get container ID from request"),
                           "application/json");
  }
  void credentials(http::Exchange& exchange, std::string_view id) const {
    const auto* found = tasks_.credentials(id);
    if (found != nullptr) return answer(exchange, credentials_json(*found));
    exchange.respond_owned(
        400,
        json::to_text(json::Object{{"code", "InvalidIdInRequest"}, {"message", "CredentialsV2Request: ID not found"}}),
        "application/json");
  }
  static void answer(http::Exchange& exchange, const json::Value& value) {
    exchange.respond_owned(200, json::to_text(value), "application/json");
  }

  net::Loop& loop_;
  const TaskDirectory& tasks_;
  session::ControlPlane& control_plane_;
  engine::Engine& engine_;
};

Result<std::unique_ptr<MetadataServer>> MetadataServer::listen(net::Loop& loop, const TaskDirectory& tasks,
                                                               session::ControlPlane& control_plane,
                                                               engine::Engine& engine, const std::string& address,
                                                               uint16_t port) {
  auto fd = net::listen_tcp(address, port);
  if (!fd && port != 0) fd = net::listen_tcp(address, 0);
  if (!fd) return tl::make_unexpected(std::move(fd).error().context("metadata endpoint"));
  FL_TRY(const net::SocketAddress local, net::local_address(*fd));
  std::unique_ptr<MetadataServer> server(new MetadataServer(loop, tasks, control_plane, engine, local.port));
  server->accept_on(*fd);
  return server;
}

Result<> MetadataServer::listen_also(const std::string& address) {
  const auto fd = net::listen_tcp(address, port_);
  if (!fd) return tl::make_unexpected(Error(fd.error()).context("metadata endpoint"));
  accept_on(*fd);
  return {};
}

void MetadataServer::accept_on(int fd) {
  listeners_.push_back(std::make_unique<net::Listener>(loop_, fd, [this](int accepted, const net::SocketAddress& peer) {
    http::ConnectionInfo info;
    info.peer = peer;
    info.peer_ip_size = static_cast<uint8_t>(peer.ip.write(info.peer_ip));
    server_.serve(std::make_unique<net::TcpStream>(loop_, accepted), info);
  }));
}

MetadataServer::MetadataServer(net::Loop& loop, const TaskDirectory& tasks, session::ControlPlane& control_plane,
                               engine::Engine& engine, uint16_t port)
    : loop_(loop),
      port_(port),
      handler_(std::make_unique<Handler>(loop, tasks, control_plane, engine)),
      server_(loop, {}, *handler_) {
  server_.set_on_closed([this] {
    if (listeners_.empty() && server_.connections() == 0) closed_.request_stop();
  });
}

MetadataServer::~MetadataServer() = default;

net::Task<> MetadataServer::close() {
  listeners_.clear();
  server_.close_all();
  if (server_.connections() > 0) co_await net::sleep_until(net::Stream::kNever, closed_);
}

}  // namespace fl::agent::metadata
