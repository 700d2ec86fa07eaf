#include "agent/engine/docker/docker_engine.h"

#include <fmt/format.h>
#include <ifaddrs.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "agent/logs/log_file.h"
#include "base/log.h"
#include "base/strings.h"
#include "net/address.h"

namespace fl::agent::engine {
namespace {

constexpr Duration kReconnect = 1s;

void put(json::Object& object, std::string_view key, json::Value value) {
  for (auto& [name, member] : object)
    if (name == key) {
      member = std::move(value);
      return;
    }
  object.emplace_back(std::string(key), std::move(value));
}

json::Object object_or_empty(const json::Value& value) {
  return value.if_object() != nullptr ? *value.if_object() : json::Object{};
}

bool has(const json::Object& object, std::string_view key) {
  return std::ranges::any_of(object,
                             [&](const auto& member) { return member.first == key && !member.second.is_null(); });
}

std::string port_key(uint16_t port, bool udp) { return fmt::format("{}/{}", port, udp ? "udp" : "tcp"); }

std::string ports_text(const std::vector<PortMapping>& ports) {
  std::string out;
  for (const PortMapping& port : ports) {
    if (!out.empty()) out += ' ';
    out += port_key(port.container_port, port.udp);
  }
  return out;
}

std::string default_network(std::string_view engine) { return engine == "podman" ? "podman" : "bridge"; }

json::Value to_array(const std::vector<std::string>& list) { return json::Array(list.begin(), list.end()); }

// podman says "" for every address, docker names 0.0.0.0 and :: apart; ECS tells of the first.
std::vector<PortBinding> bindings_of(const std::vector<docker::PortBinding>& ports) {
  std::vector<PortBinding> out;
  for (const docker::PortBinding& port : ports) {
    if (port.host_ip.contains(':')) continue;
    out.push_back({port.host_ip.empty() ? "0.0.0.0" : port.host_ip, port.container_port, port.host_port, port.udp});
  }
  return out;
}

// The IPv4 address of one of our interfaces; empty without one.
std::string interface_address(const std::string& name) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  std::string address;
  for (const ifaddrs* entry = list; entry != nullptr && address.empty(); entry = entry->ifa_next)
    if (entry->ifa_name == name && entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET)
      address = net::SocketAddress::from(entry->ifa_addr).ip.to_string();
  ::freeifaddrs(list);
  return address;
}

// When the last line of a log was written; the next follow begins behind it.
std::optional<std::string> last_line(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file || file.tellg() <= 0) return std::nullopt;
  const auto size = static_cast<int64_t>(file.tellg());
  const int64_t begin = std::max<int64_t>(0, size - 64 * 1024);
  std::string text(static_cast<size_t>(size - begin), '\0');
  file.seekg(begin);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const std::string_view whole = trim(text, "\n");
  return std::string(whole.substr(whole.rfind('\n') + 1));
}

// Cuts "TIME text" lines and writes them to a log. `after`: lines up to this time are there already.
class LogWriter {
 public:
  LogWriter(logs::LogFile file, std::string after) : file_(std::move(file)), after_(std::move(after)) {}
  void add(uint8_t stream, std::string_view bytes) {
    const size_t i = stream == 2 ? 1 : 0;
    cutters_[i].add(bytes, [&](std::string_view line, bool is_whole) {
      std::string_view text = line;
      // The rest of a line that was cut has no time of its own.
      if (!std::exchange(continues_[i], !is_whole)) {
        const size_t space = line.find(' ');
        times_[i] = line.substr(0, space);
        text = space == line.npos ? std::string_view() : line.substr(space + 1);
      }
      if (times_[i] <= after_) return;
      file_.write_at(times_[i], i == 1 ? "stderr" : "stdout", text, is_whole);
    });
  }

 private:
  logs::LogFile file_;
  const std::string after_;
  logs::LineCutter cutters_[2];
  bool continues_[2] = {};
  std::string times_[2];
};

}  // namespace

json::Value create_settings(const ContainerSpec& spec, const std::string& owner, const std::string& network) {
  const bool is_awsvpc = spec.network_mode == NetworkMode::awsvpc;
  json::Object settings = object_or_empty(spec.config);
  json::Object host = object_or_empty(spec.host_config);
  put(settings, "Image", spec.image);
  if (!spec.entry_point.empty()) put(settings, "Entrypoint", to_array(spec.entry_point));
  if (!spec.command.empty()) put(settings, "Cmd", to_array(spec.command));
  json::Array environment;
  for (const auto& [name, value] : spec.environment) environment.emplace_back(name + "=" + value);
  put(settings, "Env", std::move(environment));
  json::Object labels;
  for (const auto& [key, value] : spec.labels) labels.emplace_back(key, value);
  put(labels, kOwnerLabel, owner);
  if (is_awsvpc) put(labels, kPortsLabel, ports_text(spec.ports));
  put(settings, "Labels", std::move(labels));
  // The agent checks health itself, so that podman without systemd does it as well.
  put(settings, "Healthcheck", json::Object{{"Test", json::Array{"NONE"}}});

  put(host, "NetworkMode", is_awsvpc ? "container:" + network : std::string(to_text(spec.network_mode)));
  json::Object exposed, bound;
  for (const PortMapping& port : spec.ports) {
    const std::string key = port_key(port.container_port, port.udp);
    put(exposed, key, json::Object{});
    json::Array bindings;
    for (const auto& [name, list] : bound)
      if (name == key && list.if_array() != nullptr) bindings = *list.if_array();
    bindings.push_back(json::Object{{"HostPort", port.host_port == 0 ? "" : std::to_string(port.host_port)}});
    put(bound, key, std::move(bindings));
  }
  if (!exposed.empty() && !is_awsvpc) put(settings, "ExposedPorts", std::move(exposed));
  if (!bound.empty() && spec.network_mode == NetworkMode::bridge) put(host, "PortBindings", std::move(bound));
  json::Array binds;
  for (const Mount& mount : spec.mounts)
    binds.emplace_back(fmt::format("{}:{}{}", mount.source, mount.target, mount.read_only ? ":ro" : ""));
  if (!binds.empty()) put(host, "Binds", std::move(binds));
  if (!spec.links.empty()) put(host, "Links", to_array(spec.links));
  if (!spec.volumes_from.empty()) put(host, "VolumesFrom", to_array(spec.volumes_from));
  if (spec.cpu_shares > 0) put(host, "CpuShares", spec.cpu_shares);
  if (spec.memory_bytes > 0) put(host, "Memory", spec.memory_bytes);
  if (spec.privileged) put(host, "Privileged", true);
  if (!has(host, "LogConfig"))
    put(host, "LogConfig",
        json::Object{{"Type", "json-file"}, {"Config", json::Object{{"max-size", "10m"}, {"max-file", "2"}}}});
  put(settings, "HostConfig", std::move(host));
  return json::Value(std::move(settings));
}

DockerEngine::DockerEngine(net::Loop& loop, http::Fetcher& fetcher, std::string socket_path,
                           const docker::Version& version, DockerEngineOptions options)
    : loop_(loop),
      client_(fetcher, std::move(socket_path)),
      options_(std::move(options)),
      networks_(client_, closing_, options_.owner,
                options_.task_network.empty() ? default_network(version.engine) : options_.task_network) {
  facts_.name = version.engine;
  facts_.version = version.version;
  facts_.why = options_.why;
  facts_.network_modes = {NetworkMode::bridge, NetworkMode::host, NetworkMode::none, NetworkMode::awsvpc};
  // What a task may ask of the engine is told by the versions of its API, as the genuine agent does.
  const auto minor = parse_uint(version.api_version.substr(version.api_version.find('.') + 1)).value_or(17);
  for (uint64_t n = 17; n <= std::min<uint64_t>(minor, 44); ++n)
    facts_.capabilities.push_back(fmt::format("com.amazonaws.ecs.capability.docker-remote-api.1.{}", n));
  facts_.capabilities.emplace_back("com.amazonaws.ecs.capability.logging-driver.json-file");
  if (version.engine == "docker") facts_.capabilities.emplace_back("com.amazonaws.ecs.capability.logging-driver.none");
  facts_.capabilities.emplace_back("com.amazonaws.ecs.capability.privileged-container");
  facts_.capabilities.emplace_back("ecs.capability.docker-plugin.local");
  facts_.capabilities.emplace_back("ecs.capability.task-eni");
}

DockerEngine::~DockerEngine() = default;

std::string DockerEngine::log_path(const std::string& id) const { return options_.directory + "/logs/" + id + ".log"; }

// ---- life

DockerEngine::Call<> DockerEngine::open(ExitListener& listener) {
  listener_ = &listener;
  std::error_code error;
  std::filesystem::create_directories(options_.directory + "/logs", error);
  if (error)
    co_return fail(Code::unavailable, fmt::format("cannot make {}/logs: {}", options_.directory, error.message()));
  FL_CO_TRY(const auto ids, co_await list());
  // Followed from now on; those that end before the stream of events is up are found by look_at_all().
  for (const std::string& id : ids) {
    const auto container = co_await client_.inspect(id);
    if (container && container->is_running) watch(id);
  }
  facts_.bridge_gateway = co_await find_bridge_gateway();
  work_.spawn(follow_events());
  co_return Result<>();
}

net::Task<std::string> DockerEngine::find_bridge_gateway() {
  const auto network = co_await client_.inspect_network(default_network(facts_.name));
  if (!network) {  // dockerd --bridge=none
    log::info("agent: {} has no bridge: {}", facts_.name, network.error().message);
    co_return std::string();
  }
  co_return network->gateway.empty() ? interface_address(network->bridge_interface) : network->gateway;
}

net::Task<> DockerEngine::close() {
  closing_.request_stop();
  client_.cancel();
  co_await work_.join();
}

void DockerEngine::watch(const std::string& id) {
  if (!running_.emplace(id, true).second) return;
  work_.spawn(follow_log(id));
}

net::Task<> DockerEngine::follow_events() {
  while (!closing_.stop_requested()) {
    // Between two connections an end may go by unseen. The stream is asked for first, so that none falls between.
    net::TaskScope look;
    look.spawn(look_at_all());
    const auto ended = co_await client_.follow_events([this](const docker::Event& event) { on_event(event); });
    co_await look.join();
    if (closing_.stop_requested()) break;
    log::warn("{}; connecting again", ended.error().message);
    co_await net::sleep_for(kReconnect, closing_);
  }
}

net::Task<> DockerEngine::look_at_all() {
  std::vector<std::string> ids;
  for (const auto& [id, followed] : running_) ids.push_back(id);
  for (const std::string& id : ids) {
    const auto container = co_await client_.inspect(id);
    const bool is_gone = !container && container.error().code == Code::not_found;
    if (is_gone || (container && !container->is_running)) co_await report_exit(id);
  }
}

void DockerEngine::on_event(const docker::Event& event) {
  if (event.action == "die" && running_.contains(event.id)) work_.spawn(report_exit(event.id));
}

net::Task<> DockerEngine::report_exit(std::string id) {
  const auto container = co_await client_.inspect(id);
  if (container && container->is_running) co_return;                       // started again meanwhile
  if (!container && container.error().code != Code::not_found) co_return;  // looked at again after the reconnection
  if (running_.erase(id) == 0) co_return;                                  // told already
  Exit exit{128 + 9, false, loop_.wall(), "the container is gone from the engine"};
  if (container)
    exit = {container->exit_code, container->out_of_memory, container->finished_at.value_or(loop_.wall()),
            container->error};
  listener_->on_exit(id, exit);
}

// ---- containers

DockerEngine::Call<> DockerEngine::pull(std::string image, PullBehavior behavior) {
  const bool is_cached = (co_await client_.has_image(image)).value_or(false);
  if (behavior == PullBehavior::prefer_cached && is_cached) co_return Result<>();
  if (behavior == PullBehavior::once && is_cached && pulled_.contains(image)) co_return Result<>();
  auto pulled = co_await client_.pull(image);
  // `default`: what is there is good enough when the registry is not.
  if (!pulled && behavior == PullBehavior::default_ && is_cached) {
    log::info("image {} cannot be pulled ({}); the one that is here is used", image, pulled.error().message);
    pulled = Result<>();
  }
  if (pulled) pulled_[image] = true;
  co_return pulled;
}

DockerEngine::Call<std::string> DockerEngine::create(ContainerSpec spec) {
  std::string network;
  if (spec.network_mode == NetworkMode::awsvpc) {
    FL_CO_TRY(network, co_await networks_.make(spec.task_id));
  }
  json::Value settings = create_settings(spec, options_.owner, network);
  const std::string name = spec.name;
  auto created = co_await client_.create(name, settings);
  if (!created && created.error().code == Code::conflict) {
    // Made by the agent before this one, which was killed before it could note the id.
    FL_CO_TRY_VOID(co_await client_.remove(name));
    created = co_await client_.create(name, std::move(settings));
  }
  co_return created;
}

DockerEngine::Call<Started> DockerEngine::start(std::string id) {
  // Noted first: it may end before the answer comes.
  const bool was_running = running_.contains(id);
  running_.emplace(id, false);
  const auto started = co_await client_.start(id);
  if (!started) {
    if (!was_running) running_.erase(id);
    co_return tl::make_unexpected(started.error());
  }
  FL_CO_TRY(docker::Container container, co_await client_.inspect(id));
  if (const auto entry = running_.find(id); entry != running_.end() && !std::exchange(entry->second, true))
    work_.spawn(follow_log(id));
  co_return co_await started_as(std::move(container));
}

// Where it is reached: at ports of this machine, or at the address of its task.
DockerEngine::Call<Started> DockerEngine::started_as(docker::Container container) {
  Started out{container.started_at.value_or(loop_.wall()), {}, {}};
  const auto own = container.labels.find(kPortsLabel);
  if (own == container.labels.end()) {
    out.bindings = bindings_of(container.ports);
    co_return out;
  }
  constexpr std::string_view kJoined = "container:";
  auto address = co_await networks_.address(container.network_mode.substr(kJoined.size()));
  if (!address && !container.is_running) co_return out;  // it has ended, and perhaps its task's network with it
  FL_CO_TRY(out.address, std::move(address));
  for (const std::string_view port : split(own->second, ' ')) {
    const size_t slash = port.find('/');
    const auto number = static_cast<uint16_t>(parse_uint(port.substr(0, slash)).value_or(0));
    if (number != 0) out.bindings.push_back({out.address, number, number, port.ends_with("/udp")});
  }
  co_return out;
}

DockerEngine::Call<> DockerEngine::stop(std::string id, Duration timeout) {
  auto stopped = co_await client_.stop(id, timeout);
  if (!stopped && stopped.error().code == Code::not_found) stopped = Result<>();
  if (stopped) co_await report_exit(id);  // its event may come later, or never
  co_return stopped;
}

DockerEngine::Call<> DockerEngine::remove(std::string id) {
  FL_CO_TRY_VOID(co_await client_.remove(id));
  const std::string path = log_path(id);
  std::error_code ignored;
  for (int n = 0; n < options_.log_max_files; ++n)
    std::filesystem::remove(n == 0 ? path : fmt::format("{}.{}", path, n), ignored);
  co_return Result<>();
}

DockerEngine::Call<ContainerState> DockerEngine::inspect(std::string id) {
  FL_CO_TRY(docker::Container container, co_await client_.inspect(id));
  ContainerState state;
  if (container.is_running) {
    state.status = ContainerState::Status::running;
    watch(id);
  } else if (container.status != "created" && container.status != "configured") {  // podman's word for created
    state.status = ContainerState::Status::exited;
    state.exit = {container.exit_code, container.out_of_memory, container.finished_at.value_or(loop_.wall()),
                  container.error};
  }
  FL_CO_TRY(state.started, co_await started_as(std::move(container)));
  co_return state;
}

DockerEngine::Call<std::vector<std::string>> DockerEngine::list() {
  co_return co_await client_.list(fmt::format("{}={}", kOwnerLabel, options_.owner));
}

DockerEngine::Call<int> DockerEngine::exec(std::string id, std::vector<std::string> command, Duration timeout) {
  co_return co_await client_.exec(std::move(id), std::move(command), timeout);
}

DockerEngine::Call<Usage> DockerEngine::usage(std::string id) {
  FL_CO_TRY(const docker::Usage usage, co_await client_.usage(std::move(id)));
  co_return Usage{usage.cpu_ns, usage.memory_bytes};
}

DockerEngine::Call<> DockerEngine::make_volume(VolumeSpec spec) {
  const auto object = [](const std::map<std::string, std::string>& map) {
    json::Object out;
    for (const auto& [key, value] : map) out.emplace_back(key, value);
    return out;
  };
  co_return co_await client_.create_volume(json::Object{{"Name", spec.name},
                                                        {"Driver", spec.driver},
                                                        {"DriverOpts", object(spec.driver_options)},
                                                        {"Labels", object(spec.labels)}});
}

DockerEngine::Call<> DockerEngine::remove_volume(std::string name) {
  auto removed = co_await client_.remove_volume(std::move(name));
  if (!removed && removed.error().code == Code::not_found) removed = Result<>();
  co_return removed;
}

DockerEngine::Call<> DockerEngine::end_task(std::string task_id) {
  co_return co_await networks_.remove(std::move(task_id));
}

DockerEngine::Call<std::vector<std::string>> DockerEngine::kept_tasks() { co_return co_await networks_.list(); }

// ---- output

net::Task<> DockerEngine::follow_log(std::string id) {
  const std::string path = log_path(id);
  const auto last = last_line(path);
  auto file = logs::LogFile::open(path, {options_.log_max_bytes, options_.log_max_files});
  if (!file) {
    log::warn("the output of {} is not kept: {}", id, file.error().message);
    co_return;
  }
  LogWriter writer(std::move(*file), last ? last->substr(0, last->find(' ')) : "");
  const auto followed = co_await client_.follow_logs(
      id, std::nullopt, [&](uint8_t stream, std::string_view bytes) { writer.add(stream, bytes); });
  if (!followed && followed.error().code != Code::canceled)
    log::debug("the output of {} is not followed any more: {}", id, followed.error().message);
}

}  // namespace fl::agent::engine
