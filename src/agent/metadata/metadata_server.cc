#include "agent/metadata/metadata_server.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "ecs/shape.h"

namespace fl::agent::metadata {
namespace {

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
  json::Object out{{"DockerId", container.runtime_id},
                   {"Name", plan.name},
                   {"DockerName", fmt::format("ecs-{}-{}-{}", task.family, task.revision, plan.name)},
                   {"Image", text(plan.definition.image)},
                   {"Labels", json::Object{{"com.amazonaws.ecs.container-name", plan.name},
                                           {"com.amazonaws.ecs.task-arn", task.arn},
                                           {"com.amazonaws.ecs.task-definition-family", task.family},
                                           {"com.amazonaws.ecs.task-definition-version", task.revision}}},
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
  if (!task.service_name.empty()) out.emplace_back("ServiceName", task.service_name);
  add_time(out, "PullStartedAt", runner.machine().pull_started_at);
  add_time(out, "PullStoppedAt", runner.machine().pull_stopped_at);
  json::Array containers;
  for (size_t i = 0; i < task.containers.size(); ++i) containers.push_back(container_json(runner, i));
  out.emplace_back("Containers", std::move(containers));
  return out;
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
  explicit Handler(const TaskDirectory& tasks) : tasks_(tasks) {}

  net::Task<> handle(http::Exchange& exchange) const override {
    const auto parts = split(exchange.request.path, '/');  // "", "v4", ID, ["task"]
    const std::string_view rest = parts.size() > 3 ? parts[3] : std::string_view();
    if (parts.size() >= 3 && exchange.request.method_id == http::Method::get) {
      if ((parts[1] == "v4" || parts[1] == "v3") && parts.size() <= 4) co_return metadata(exchange, parts[2], rest);
      if (parts[1] == "v2" && parts[2] == "credentials" && parts.size() == 4) co_return credentials(exchange, rest);
    }
    exchange.respond(404, "404 page not found\n");
  }

 private:
  void metadata(http::Exchange& exchange, std::string_view id, std::string_view what) const {
    for (const task::Runner* runner : tasks_.runners())
      for (size_t i = 0; i < runner->spec().containers.size(); ++i) {
        if (id.empty() || runner->metadata_id(i) != id) continue;
        if (what.empty()) return answer(exchange, container_json(*runner, i));
        if (what == "task" || what == "taskWithTags") return answer(exchange, task_json(*runner));
      }
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

  const TaskDirectory& tasks_;
};

Result<std::unique_ptr<MetadataServer>> MetadataServer::listen(net::Loop& loop, const TaskDirectory& tasks,
                                                               const std::string& address, uint16_t port) {
  auto fd = net::listen_tcp(address, port);
  if (!fd && port != 0) fd = net::listen_tcp(address, 0);
  if (!fd) return tl::make_unexpected(std::move(fd).error().context("metadata endpoint"));
  FL_TRY(const net::SocketAddress local, net::local_address(*fd));
  return std::unique_ptr<MetadataServer>(new MetadataServer(loop, tasks, *fd, local.port));
}

MetadataServer::MetadataServer(net::Loop& loop, const TaskDirectory& tasks, int fd, uint16_t port)
    : port_(port), handler_(std::make_unique<Handler>(tasks)), server_(loop, {}, *handler_) {
  listener_ = std::make_unique<net::Listener>(loop, fd, [this, &loop](int accepted, const net::SocketAddress& peer) {
    http::ConnectionInfo info;
    info.peer = peer;
    info.peer_ip_size = static_cast<uint8_t>(peer.ip.write(info.peer_ip));
    server_.serve(std::make_unique<net::TcpStream>(loop, accepted), info);
  });
  server_.set_on_closed([this] {
    if (listener_ == nullptr && server_.connections() == 0) closed_.request_stop();
  });
}

MetadataServer::~MetadataServer() = default;

net::Task<> MetadataServer::close() {
  listener_.reset();
  server_.close_all();
  if (server_.connections() > 0) co_await net::sleep_until(net::Stream::kNever, closed_);
}

}  // namespace fl::agent::metadata
