#include "agent/engine/process/process_engine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "agent/engine/process/proc.h"
#include "agent/engine/process/shim.h"
#include "agent/engine/process/start_lock.h"
#include "base/check.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/strings.h"
#include "net/stream.h"

namespace fl::agent::engine {
namespace {

using process::LaunchExit;
using process::LaunchSpec;
using process::LaunchState;
using process::StartLock;

constexpr Duration kStartTime = 10s;  // for the shim to say that the container runs
constexpr Duration kLookAgain = 5ms;  // for what a shim has to say
constexpr Duration kKillTime = 10s;   // for a killed container to be gone
constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kBuiltIn = "fairlead/";

// ---- what a container is made of

struct Command {
  std::vector<std::string> arguments;
  std::string built_in;  // NAME of fairlead/NAME; empty: from the host
};

std::string_view without_tag(std::string_view image) {
  const size_t colon = image.rfind(':');
  return colon != image.npos && image.find('/', colon) == image.npos ? image.substr(0, colon) : image;
}

Result<> check_image(std::string_view image) {
  const std::string_view name = without_tag(image);
  if (name == "host" || (name.starts_with(kBuiltIn) && name.size() > kBuiltIn.size())) return {};
  return fail(Code::not_found,
              fmt::format("the process engine has no image {}: it runs fairlead/... (built in) and host "
                          "(a command of this machine); others need a container engine",
                          image));
}

Result<Command> command_of(const ContainerSpec& spec, const std::string& program) {
  FL_TRY_VOID(check_image(spec.image));
  const std::string_view name = without_tag(spec.image);
  Command command;
  if (name == "host") {
    command.arguments = spec.entry_point;
  } else {
    if (!spec.entry_point.empty())
      return fail(Code::invalid, fmt::format("the built-in image {} has no entryPoint to replace", spec.image));
    command.built_in = name.substr(kBuiltIn.size());
    command.arguments = {program};
    if (command.built_in != "proxy" && command.built_in != "fairlead") command.arguments.push_back(command.built_in);
  }
  command.arguments.insert(command.arguments.end(), spec.command.begin(), spec.command.end());
  if (command.arguments.empty()) return fail(Code::invalid, "no command specified");
  return command;
}

bool is_nothing(const json::Value& value) {
  if (const bool* b = value.if_bool()) return !*b;
  if (const int64_t* n = value.if_int()) return *n == 0;
  if (const std::string* s = value.if_string()) return s->empty();
  if (const json::Array* a = value.if_array()) return a->empty();
  if (const json::Object* o = value.if_object()) return o->empty();
  return value.is_null();
}

// Docker's settings that are honoured here or mean nothing here. All others are refused when they ask for something.
constexpr std::string_view kHonoured[] = {
    "Labels",    "Healthcheck",  "User",       "WorkingDir",   "StopSignal",        "Hostname",     "Env",
    "Image",     "Cmd",          "Entrypoint", "ExposedPorts", "AttachStdout",      "AttachStderr", "NetworkMode",
    "LogConfig", "Ulimits",      "CpuShares",  "Memory",       "MemoryReservation", "PortBindings", "Init",
    "Binds",     "RestartPolicy"};

Result<> check_settings(const json::Value& settings) {
  if (settings.if_object() == nullptr) return {};
  for (const auto& [key, value] : *settings.if_object())
    if (!is_nothing(value) && std::ranges::find(kHonoured, key) == std::end(kHonoured))
      return fail(Code::invalid, fmt::format("the process engine cannot honour {}", key));
  return {};
}

Result<> check_spec(const ContainerSpec& spec) {
  FL_TRY_VOID(check_settings(spec.config));
  FL_TRY_VOID(check_settings(spec.host_config));
  if (spec.privileged) return fail(Code::invalid, "the process engine cannot honour privileged");
  if (!spec.links.empty()) return fail(Code::invalid, "the process engine cannot honour links");
  if (!spec.volumes_from.empty()) return fail(Code::invalid, "the process engine cannot honour volumesFrom");
  for (const Mount& mount : spec.mounts)
    if (mount.source != mount.target || mount.read_only)
      return fail(Code::invalid,
                  fmt::format("the process engine cannot mount {} at {}: containers see the machine's own "
                              "files, so source and containerPath must be the same and writable",
                              mount.source, mount.target));
  return {};
}

Result<std::vector<process::ResourceLimit>> read_ulimits(const json::Value& host_config) {
  static constexpr std::pair<std::string_view, int> kNames[] = {
      {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
      {"data", RLIMIT_DATA},         {"fsize", RLIMIT_FSIZE},
      {"locks", RLIMIT_LOCKS},       {"memlock", RLIMIT_MEMLOCK},
      {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
      {"nofile", RLIMIT_NOFILE},     {"nproc", RLIMIT_NPROC},
      {"rss", RLIMIT_RSS},           {"rtprio", RLIMIT_RTPRIO},
      {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
      {"stack", RLIMIT_STACK}};
  std::vector<process::ResourceLimit> out;
  const json::Value* list = host_config.find("Ulimits");
  if (list == nullptr || list->if_array() == nullptr) return out;
  for (const json::Value& item : *list->if_array()) {
    const auto* known = std::ranges::find(kNames, item.string_at("Name"), &std::pair<std::string_view, int>::first);
    const json::Value *soft = item.find("Soft"), *hard = item.find("Hard");
    if (known == std::end(kNames) || soft == nullptr || soft->if_int() == nullptr || hard == nullptr ||
        hard->if_int() == nullptr)
      return fail(Code::invalid, fmt::format("unknown ulimit \"{}\"", item.string_at("Name")));
    out.push_back({known->second, static_cast<uint64_t>(*soft->if_int()), static_cast<uint64_t>(*hard->if_int())});
  }
  return out;
}

bool has_variable(const std::vector<std::string>& environment, std::string_view name) {
  return std::ranges::any_of(environment, [&](std::string_view entry) {
    return entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
  });
}

void set_variable(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
  std::erase_if(environment, [&](std::string_view entry) {
    return entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
  });
  environment.push_back(fmt::format("{}={}", name, value));
}

// ---- processes

std::string new_id() {
  std::array<uint8_t, 32> bytes{};
  FL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return hex(bytes);
}

struct Child {
  pid_t pid = 0;
  int pidfd = -1;
};

// Starts `program` in a session of its own, with nothing of ours but `ready_fd` as kReadyFd and `lock_fd` as kLockFd
// (-1: not even that).
Result<Child> spawn_program(const std::string& program, const std::vector<std::string>& arguments, int ready_fd = -1,
                            int lock_fd = -1) {
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&files, fd, "/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
  if (ready_fd >= 0) ::posix_spawn_file_actions_adddup2(&files, ready_fd, process::kReadyFd);
  if (lock_fd >= 0) ::posix_spawn_file_actions_adddup2(&files, lock_fd, process::kLockFd);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  Child child;
  const int error = ::posix_spawn(&child.pid, program.c_str(), &files, &attributes, argv.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail(Code::unavailable, fmt::format("cannot start {}: {}", program, std::strerror(error)));
  // Nobody has waited for it, so the pid cannot be another's.
  child.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0));
  if (child.pidfd < 0) {
    const int reason = errno;
    ::kill(child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return fail(Code::unavailable, fmt::format("pidfd_open: {} (Linux 5.3 is needed)", std::strerror(reason)));
  }
  return child;
}

json::Value to_json(const std::vector<PortMapping>& ports) {
  json::Array out;
  for (const PortMapping& port : ports)
    out.push_back(json::Array{int64_t{port.container_port}, int64_t{port.host_port}, port.udp});
  return out;
}

int64_t integer_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  return found != nullptr && found->if_int() != nullptr ? *found->if_int() : 0;
}

}  // namespace

// Waits on the loop for a child to end. The engine's close() cuts it short.
class ProcessEngine::ChildWatch final : public net::Pollable {
 public:
  ChildWatch(ProcessEngine& engine, pid_t pid, int pidfd) : engine_(engine), pid_(pid), pidfd_(pidfd) {
    engine_.loop_.add(pidfd_, EPOLLIN, *this);
    engine_.watches_.insert(this);
  }
  ~ChildWatch() {
    engine_.watches_.erase(this);
    engine_.loop_.remove(pidfd_, *this);
    ::close(pidfd_);
  }
  void on_events(uint32_t) noexcept override { ended_.request_stop(); }
  void cancel() { ended_.request_stop(); }
  // -> its wait status, or nullopt when the time is over first
  net::Task<std::optional<int>> wait(Duration timeout) {
    if (co_await net::sleep_for(timeout, ended_)) co_return std::nullopt;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) co_return std::nullopt;
    co_return status;
  }

 private:
  ProcessEngine& engine_;
  pid_t pid_;
  int pidfd_;
  net::StopSource ended_;
};

// ---- a container

struct ProcessEngine::Container final : net::Pollable {
  Container(ProcessEngine& e, std::string i) : engine(e), id(std::move(i)) {}
  ~Container() { unwatch(); }
  void on_events(uint32_t) noexcept override { engine.on_shim_end(*this); }
  void unwatch() {
    if (shim_fd < 0) return;
    engine.loop_.remove(shim_fd, *this);
    ::close(std::exchange(shim_fd, -1));
  }
  bool is_running() const { return shim_fd >= 0; }

  ProcessEngine& engine;
  const std::string id;

  // kept in record.json
  std::string name, task_id, built_in;
  NetworkMode network_mode = NetworkMode::bridge;
  std::vector<PortMapping> ports;
  int stop_signal = SIGTERM;
  int64_t memory_bytes = 0, cpu_shares = 0;
  LaunchSpec launch;  // without what place() adds
  std::vector<PortBinding> bindings;
  std::string address;  // of its task (awsvpc)

  int shim_fd = -1;       // of the shim while the container runs
  bool is_child = false;  // the shim was started by this agent, not by one before it
  std::optional<LaunchState> state;
  std::optional<Exit> exit;
  std::shared_ptr<net::StopSource> ended;  // requested when the running one has ended

  std::string encode() const;
  Result<> decode(std::string_view text);
  Started started() const { return {state ? state->started_at : WallTime{}, bindings}; }
};

std::string ProcessEngine::Container::encode() const {
  json::Array bound;
  for (const PortBinding& b : bindings)
    bound.push_back(json::Array{b.bind_ip, int64_t{b.container_port}, int64_t{b.host_port}, b.udp});
  return json::to_text(json::Object{{"name", name},
                                    {"taskId", task_id},
                                    {"builtIn", built_in},
                                    {"networkMode", to_text(network_mode)},
                                    {"ports", to_json(ports)},
                                    {"stopSignal", stop_signal},
                                    {"memoryBytes", memory_bytes},
                                    {"cpuShares", cpu_shares},
                                    {"launch", process::encode(launch)},
                                    {"bindings", std::move(bound)},
                                    {"address", address}});
}

Result<> ProcessEngine::Container::decode(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  name = value.string_at("name");
  task_id = value.string_at("taskId");
  built_in = value.string_at("builtIn");
  network_mode = parse_network_mode(value.string_at("networkMode")).value_or(NetworkMode::bridge);
  stop_signal = static_cast<int>(integer_at(value, "stopSignal"));
  memory_bytes = integer_at(value, "memoryBytes");
  cpu_shares = integer_at(value, "cpuShares");
  address = value.string_at("address");
  FL_TRY(launch, process::decode_launch_spec(value.string_at("launch")));
  const auto number = [](const json::Value& v) {
    return static_cast<uint16_t>(v.if_int() != nullptr ? *v.if_int() : 0);
  };
  const auto flag = [](const json::Value& v) { return v.if_bool() != nullptr && *v.if_bool(); };
  const auto each = [&](std::string_view key, size_t size, auto f) {
    const json::Value* list = value.find(key);
    if (list == nullptr || list->if_array() == nullptr) return;
    for (const json::Value& item : *list->if_array())
      if (item.if_array() != nullptr && item.if_array()->size() == size) f(*item.if_array());
  };
  each("ports", 3, [&](const json::Array& a) { ports.push_back({number(a[0]), number(a[1]), flag(a[2])}); });
  each("bindings", 4, [&](const json::Array& a) {
    if (a[0].if_string() != nullptr) bindings.push_back({*a[0].if_string(), number(a[1]), number(a[2]), flag(a[3])});
  });
  return {};
}

// ---- the engine

ProcessEngine::ProcessEngine(net::Loop& loop, ProcessEngineOptions options)
    : loop_(loop),
      options_(std::move(options)),
      cgroups_(process::Cgroups::find()),
      port_choice_(options_.address, options_.first_dynamic_port, options_.last_dynamic_port) {
  facts_.name = "process";
  utsname kernel{};
  if (::uname(&kernel) == 0) facts_.version = kernel.release;
  facts_.why = options_.why;
  facts_.network_modes = {NetworkMode::bridge, NetworkMode::host, NetworkMode::none, NetworkMode::awsvpc};
  facts_.capabilities = {"com.amazonaws.ecs.capability.docker-remote-api.1.17",
                         "com.amazonaws.ecs.capability.docker-remote-api.1.18",
                         "com.amazonaws.ecs.capability.docker-remote-api.1.19",
                         "com.amazonaws.ecs.capability.docker-remote-api.1.21",
                         "com.amazonaws.ecs.capability.logging-driver.json-file",
                         "com.amazonaws.ecs.capability.logging-driver.none",
                         "ecs.capability.task-eni"};
}

ProcessEngine::~ProcessEngine() = default;

Result<ProcessEngine::Container*> ProcessEngine::find(const std::string& id) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return fail(Code::not_found, fmt::format("No such container: {}", id));
  return found->second.get();
}

std::string ProcessEngine::log_path(const std::string& id) const { return options_.directory + "/logs/" + id + ".log"; }

Result<std::unique_ptr<ProcessEngine::Container>> ProcessEngine::load(const std::string& id) {
  auto container = std::make_unique<Container>(*this, id);
  FL_TRY(const std::string text, process::read_file(directory_of(id) + "/record.json"));
  FL_TRY_VOID(container->decode(text));
  return container;
}

// A container that was started by an agent which was killed before it could know: in a moment its shim will have said
// what has become of it.
net::Task<> ProcessEngine::settle(std::string directory) {
  net::StopSource nobody_stops;
  for (const TimePoint end = loop_.now() + kStartTime; loop_.now() < end;) {
    if (process::read_state(directory) || !StartLock::is_held(directory)) break;
    (void)co_await net::sleep_for(kLookAgain, nobody_stops);
  }
}

ProcessEngine::Call<> ProcessEngine::open(ExitListener& listener) {
  listener_ = &listener;
  std::error_code error;
  for (const char* sub : {"/containers", "/logs"}) {
    std::filesystem::create_directories(options_.directory + sub, error);
    if (error)
      co_return fail(Code::unavailable, fmt::format("cannot make {}{}: {}", options_.directory, sub, error.message()));
  }
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory + "/containers", error)) {
    const std::string id = entry.path().filename();
    auto container = load(id);
    if (!container) {
      // Made a moment before the agent was killed, or damaged: nothing can run of it that we could name.
      log::warn("container {} cannot be read and is forgotten: {}", id, container.error().message);
      std::filesystem::remove_all(entry.path(), error);
      continue;
    }
    Container& c = *containers_.emplace(id, std::move(*container)).first->second;
    co_await settle(directory_of(id));
    if (auto state = process::read_state(directory_of(id))) {
      c.state = *state;
      if (!watch(c)) on_shim_end(c);
    }
  }
  co_return Result<>();
}

net::Task<> ProcessEngine::close() {
  is_closed_ = true;
  for (auto& [id, container] : containers_) {
    container->unwatch();
    if (container->ended != nullptr) container->ended->request_stop();
  }
  for (ChildWatch* watch : watches_) watch->cancel();
  co_return;
}

// -> the container runs, and its end will be heard of
bool ProcessEngine::watch(Container& container) {
  container.shim_fd = process::open_pidfd(container.state->shim);
  if (container.shim_fd < 0) return false;
  container.exit.reset();
  container.ended = std::make_shared<net::StopSource>();
  loop_.add(container.shim_fd, EPOLLIN, container);
  return true;
}

void ProcessEngine::on_shim_end(Container& container) {
  const bool was_running = container.is_running();
  container.unwatch();
  if (std::exchange(container.is_child, false)) ::waitpid(container.state->shim.pid, nullptr, WNOHANG);
  Exit exit;
  if (const auto known = process::read_exit(directory_of(container.id))) {
    exit = {known->code, known->out_of_memory, known->at, {}};
  } else {
    // PR_SET_PDEATHSIG has killed the container with its shim.
    exit = {128 + SIGKILL, false, loop_.wall(), "the process that watched the container was killed"};
  }
  process::Cgroups::remove(container.launch.cgroups);
  container.exit = exit;
  if (!was_running) return;
  if (container.ended != nullptr) container.ended->request_stop();
  listener_->on_exit(container.id, exit);
}

ProcessEngine::Call<> ProcessEngine::pull(std::string image, PullBehavior) { co_return check_image(image); }

ProcessEngine::Call<std::string> ProcessEngine::create(ContainerSpec spec) {
  FL_CO_TRY_VOID(check_spec(spec));
  FL_CO_TRY(Command command, command_of(spec, options_.program));
  auto container = std::make_unique<Container>(*this, new_id());
  Container& c = *container;
  c.name = spec.name;
  c.task_id = spec.task_id;
  c.built_in = command.built_in;
  c.network_mode = spec.network_mode;
  c.ports = spec.ports;
  c.memory_bytes = spec.memory_bytes;
  c.cpu_shares = spec.cpu_shares;
  if (const auto text = spec.config.string_at("StopSignal"); !text.empty()) {
    const auto signal = process::parse_signal(text);
    if (!signal) co_return fail(Code::invalid, fmt::format("unknown stop signal \"{}\"", text));
    c.stop_signal = *signal;
  }
  LaunchSpec& launch = c.launch;
  FL_CO_TRY(launch.limits, read_ulimits(spec.host_config));
  launch.arguments = std::move(command.arguments);
  launch.user = spec.config.string_at("User");
  launch.hostname = spec.config.string_at("Hostname");
  if (launch.hostname.empty()) launch.hostname = c.id.substr(0, 12);
  launch.directory = spec.config.string_at("WorkingDir");
  for (const auto& [name, value] : spec.environment) launch.environment.push_back(name + "=" + value);
  if (!has_variable(launch.environment, "PATH")) set_variable(launch.environment, "PATH", kPath);
  if (!has_variable(launch.environment, "HOSTNAME")) set_variable(launch.environment, "HOSTNAME", launch.hostname);
  launch.log_path = log_path(c.id);
  launch.log_max_bytes = options_.log_max_bytes;
  launch.log_max_files = options_.log_max_files;

  const std::string directory = directory_of(c.id);
  std::error_code error;
  std::filesystem::create_directories(directory + "/work", error);
  if (error) co_return fail(Code::unavailable, fmt::format("cannot make {}: {}", directory, error.message()));
  if (launch.directory.empty()) launch.directory = directory + "/work";
  if (!has_variable(launch.environment, "HOME")) set_variable(launch.environment, "HOME", launch.directory);
  FL_CO_TRY_VOID(process::write_file(directory + "/record.json", c.encode()));
  const std::string id = c.id;
  containers_.emplace(id, std::move(container));
  co_return id;
}

// The address that the task's containers share: the one another of them has, or a new one.
Result<std::string> ProcessEngine::task_address(const Container& container) {
  std::set<std::string> taken;
  for (const auto& [id, other] : containers_) {
    if (other->address.empty()) continue;
    if (other->task_id == container.task_id) return other->address;
    taken.insert(other->address);
  }
  return process::PortChoice::task_address(container.task_id, container.ports, taken);
}

// Decides where the container's ports are.
Result<> ProcessEngine::place(Container& container) {
  const auto is_ours = [&](const PortBinding& wanted) {
    return std::ranges::any_of(containers_, [&](const auto& entry) {
      if (entry.second.get() == &container || !entry.second->is_running()) return false;
      return std::ranges::any_of(entry.second->bindings, [&](const PortBinding& b) {
        return b.bind_ip == wanted.bind_ip && b.host_port == wanted.host_port && b.udp == wanted.udp;
      });
    });
  };
  if (container.network_mode == NetworkMode::awsvpc && container.address.empty()) {
    FL_TRY(container.address, task_address(container));
  }
  const std::vector<PortBinding> before = std::exchange(container.bindings, {});
  FL_TRY(container.bindings,
         port_choice_.bind(container.network_mode, container.address, container.ports, before, is_ours));
  return {};
}

// spec.json: the launch with what place() decided.
Result<> ProcessEngine::write_spec(Container& container) {
  LaunchSpec spec = container.launch;
  const auto tell = [&](std::string_view name, std::string_view value) { set_variable(spec.environment, name, value); };
  if (!container.bindings.empty()) {
    tell("HOST", container.bindings[0].bind_ip);
    tell("PORT", std::to_string(container.bindings[0].host_port));
    for (const PortBinding& binding : container.bindings)
      tell(fmt::format("PORT_{}", binding.container_port), std::to_string(binding.host_port));
    if (container.built_in == "whoami") {
      tell("WHOAMI_ADDRESS", container.bindings[0].bind_ip);
      tell("WHOAMI_PORT_NUMBER", std::to_string(container.bindings[0].host_port));
      if (!has_variable(spec.environment, "WHOAMI_NAME")) tell("WHOAMI_NAME", spec.hostname);
    }
  }
  return process::write_file(directory_of(container.id) + "/spec.json", process::encode(spec));
}

ProcessEngine::Call<Started> ProcessEngine::start(std::string id) {
  FL_CO_TRY(Container* const container, find(id));
  if (container->is_running()) co_return container->started();
  const std::string directory = directory_of(id);
  FL_CO_TRY(const StartLock lock, StartLock::take(directory));
  for (const char* file : {"/state.json", "/exit.json"}) ::unlink((directory + file).c_str());
  FL_CO_TRY_VOID(place(*container));
  FL_CO_TRY(container->launch.cgroups, cgroups_.make(id, container->memory_bytes, container->cpu_shares));
  FL_CO_TRY_VOID(process::write_file(directory + "/record.json", container->encode()));
  FL_CO_TRY_VOID(write_spec(*container));

  int ready[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ready) != 0)
    co_return fail(Code::exhausted, fmt::format("cannot make a socket: {}", std::strerror(errno)));
  net::TcpStream line(loop_, ready[0]);
  auto child = spawn_program(options_.program, {"container-shim", "run", directory}, ready[1], lock.fd());
  ::close(ready[1]);
  if (!child) co_return tl::make_unexpected(std::move(child).error());
  net::InBuffer in;
  line.set_read_deadline(loop_.now() + kStartTime);
  while (!in.view().contains('\n') && co_await line.fill(in) > 0) {
  }
  const std::string said(trim(in.view()));
  in.consume(in.size());
  auto state = process::read_state(directory);
  if (said != "started" || !state) {
    process::send_signal(child->pidfd, SIGKILL);
    {
      ChildWatch watch(*this, child->pid, child->pidfd);
      (void)co_await watch.wait(kKillTime);
    }
    process::Cgroups::remove(container->launch.cgroups);
    const std::string_view why =
        said.starts_with("failed ") ? std::string_view(said).substr(7) : std::string_view("it did not start in time");
    co_return fail(Code::unavailable, std::string(why));
  }
  container->state = *state;
  container->exit.reset();
  container->ended = std::make_shared<net::StopSource>();
  container->shim_fd = child->pidfd;
  container->is_child = true;
  const Started started = container->started();
  loop_.add(child->pidfd, EPOLLIN, *container);
  co_return started;
}

ProcessEngine::Call<> ProcessEngine::stop(std::string id, Duration timeout) {
  FL_CO_TRY(Container* const container, find(id));
  if (!container->is_running()) co_return Result<>();
  const std::shared_ptr<net::StopSource> ended = container->ended;
  const process::ProcessId target = container->state->process;
  const auto signal = [&target](int number) {
    const int fd = process::open_pidfd(target);
    if (fd < 0) return;
    process::send_signal(fd, number);
    ::close(fd);
  };
  signal(container->stop_signal);
  if (!co_await net::sleep_for(timeout, *ended)) co_return Result<>();
  signal(SIGKILL);
  if (!co_await net::sleep_for(kKillTime, *ended)) co_return Result<>();
  co_return fail(Code::timeout, fmt::format("container {} does not end though it was killed", id));
}

ProcessEngine::Call<> ProcessEngine::remove(std::string id) {
  FL_CO_TRY(Container* const container, find(id));
  if (container->is_running())
    co_return fail(Code::conflict, fmt::format("container {} is running: stop it before it is removed", id));
  std::error_code error;
  std::filesystem::remove_all(directory_of(id), error);
  if (error) co_return fail(Code::unavailable, fmt::format("cannot remove {}: {}", directory_of(id), error.message()));
  const std::string log = log_path(id);
  for (int n = 0; n < options_.log_max_files; ++n) ::unlink((n == 0 ? log : fmt::format("{}.{}", log, n)).c_str());
  containers_.erase(id);
  co_return Result<>();
}

ProcessEngine::Call<ContainerState> ProcessEngine::inspect(std::string id) {
  FL_CO_TRY(const Container* const container, find(id));
  ContainerState state;
  state.started = container->started();
  if (container->is_running()) {
    state.status = ContainerState::Status::running;
  } else if (container->exit) {
    state.status = ContainerState::Status::exited;
    state.exit = *container->exit;
  }
  co_return state;
}

ProcessEngine::Call<std::vector<std::string>> ProcessEngine::list() {
  std::vector<std::string> ids;
  for (const auto& [id, container] : containers_) ids.push_back(id);
  co_return ids;
}

ProcessEngine::Call<int> ProcessEngine::exec(std::string id, std::vector<std::string> command, Duration timeout) {
  FL_CO_TRY(const Container* const container, find(id));
  if (!container->is_running()) co_return fail(Code::conflict, fmt::format("container {} is not running", id));
  std::vector<std::string> arguments{"container-shim", "exec", directory_of(id)};
  arguments.insert(arguments.end(), command.begin(), command.end());
  FL_CO_TRY(const Child child, spawn_program(options_.program, arguments));
  ChildWatch watch(*this, child.pid, child.pidfd);
  const auto status = co_await watch.wait(timeout);
  if (status) co_return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
  ::kill(-child.pid, SIGKILL);  // its session's group; not waited for, so the pid is still its own
  (void)co_await watch.wait(kKillTime);
  if (is_closed_) co_return fail(Code::canceled, "the engine is being closed");
  co_return fail(Code::timeout, fmt::format("the command took longer than {}", format_duration(timeout)));
}

ProcessEngine::Call<Usage> ProcessEngine::usage(std::string id) {
  FL_CO_TRY(const Container* const container, find(id));
  if (!container->is_running()) co_return Usage{};
  const auto usage = process::usage_of(container->state->process.pid);
  co_return usage ? Usage{usage->cpu_ns, usage->memory_bytes} : Usage{};
}

ProcessEngine::Call<> ProcessEngine::make_volume(VolumeSpec spec) {
  co_return fail(Code::invalid,
                 fmt::format("the process engine keeps no volumes ({}); use one with a host path", spec.name));
}

ProcessEngine::Call<> ProcessEngine::remove_volume(std::string) { co_return Result<>(); }

}  // namespace fl::agent::engine
