#include "agent/engine/process/process_engine.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "agent/engine/process/make_record.h"
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

using process::ChildWatch;
using process::ContainerRecord;
using process::LaunchState;
using process::StartLock;

constexpr Duration kStartTime = 10s;  // for the shim to say that the container runs
constexpr Duration kLookAgain = 5ms;  // for what a shim has to say
constexpr Duration kKillTime = 10s;   // for a killed container to be gone

std::string new_id() {
  std::array<uint8_t, 32> bytes{};
  FL_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return hex(bytes);
}

}  // namespace

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

  ContainerRecord record;
  int shim_fd = -1;       // of the shim while the container runs
  bool is_child = false;  // the shim was started by this agent, not by one before it
  std::optional<LaunchState> state;
  std::optional<Exit> exit;
  std::shared_ptr<net::StopSource> ended;  // requested when the running one has ended

  Started started() const { return {state ? state->started_at : WallTime{}, record.bindings, record.address}; }
};

// ---- the engine

ProcessEngine::ProcessEngine(net::Loop& loop, ProcessEngineOptions options)
    : loop_(loop),
      options_(std::move(options)),
      cgroups_(process::Cgroups::find()),
      port_choice_(options_.address, options_.first_dynamic_port, options_.last_dynamic_port, options_.directory) {
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
  FL_TRY(container->record, process::decode_container_record(text));
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
  process::Cgroups::remove(container.record.launch.cgroups);
  container.exit = exit;
  if (!was_running) return;
  if (container.ended != nullptr) container.ended->request_stop();
  listener_->on_exit(container.id, exit);
}

ProcessEngine::Call<> ProcessEngine::pull(std::string image, PullBehavior) { co_return process::check_image(image); }

ProcessEngine::Call<std::string> ProcessEngine::create(ContainerSpec spec) {
  auto container = std::make_unique<Container>(*this, new_id());
  const std::string id = container->id;
  const std::string directory = directory_of(id);
  FL_CO_TRY(container->record,
            process::make_record(spec, {.id = id, .program = options_.program, .work_directory = directory + "/work"}));
  container->record.launch.log_path = log_path(id);
  container->record.launch.log_max_bytes = options_.log_max_bytes;
  container->record.launch.log_max_files = options_.log_max_files;
  std::error_code error;
  std::filesystem::create_directories(directory + "/work", error);
  if (error) co_return fail(Code::unavailable, fmt::format("cannot make {}: {}", directory, error.message()));
  FL_CO_TRY_VOID(process::write_file(directory + "/record.json", process::encode(container->record)));
  containers_.emplace(id, std::move(container));
  co_return id;
}

// The address that the task's containers share: the one another of them has, or a new one.
Result<std::string> ProcessEngine::task_address(const Container& container) {
  std::set<std::string> taken;
  for (const auto& [id, other] : containers_) {
    if (other->record.address.empty()) continue;
    if (other->record.task_id == container.record.task_id) return other->record.address;
    taken.insert(other->record.address);
  }
  return process::PortChoice::task_address(container.record.task_id, container.record.ports, taken);
}

// Decides where the container's ports are.
Result<> ProcessEngine::place(Container& container) {
  const auto is_ours = [&](const PortBinding& wanted) {
    return std::ranges::any_of(containers_, [&](const auto& entry) {
      if (entry.second.get() == &container || !entry.second->is_running()) return false;
      return std::ranges::any_of(entry.second->record.bindings, [&](const PortBinding& b) {
        return b.bind_ip == wanted.bind_ip && b.host_port == wanted.host_port && b.udp == wanted.udp;
      });
    });
  };
  ContainerRecord& record = container.record;
  if (record.network_mode == NetworkMode::awsvpc && record.address.empty()) {
    FL_TRY(record.address, task_address(container));
  }
  const std::vector<PortBinding> before = std::exchange(record.bindings, {});
  FL_TRY(record.bindings, port_choice_.bind(record.network_mode, record.address, record.ports, before, is_ours));
  return {};
}

ProcessEngine::Call<Started> ProcessEngine::start(std::string id) {
  FL_CO_TRY(Container* const container, find(id));
  if (container->is_running()) co_return container->started();
  const std::string directory = directory_of(id);
  FL_CO_TRY(const StartLock lock, StartLock::take(directory));
  for (const char* file : {"/state.json", "/exit.json"}) ::unlink((directory + file).c_str());
  FL_CO_TRY_VOID(place(*container));
  ContainerRecord& record = container->record;
  FL_CO_TRY(record.launch.cgroups, cgroups_.make(id, record.memory_bytes, record.cpu_shares));
  FL_CO_TRY_VOID(process::write_file(directory + "/record.json", process::encode(record)));
  FL_CO_TRY_VOID(process::write_file(directory + "/spec.json", process::encode(process::start_spec(record))));

  int ready[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ready) != 0)
    co_return fail(Code::exhausted, fmt::format("cannot make a socket: {}", std::strerror(errno)));
  net::TcpStream line(loop_, ready[0]);
  auto child = process::spawn_program(options_.program, {"container-shim", "run", directory}, ready[1], lock.fd());
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
      ChildWatch watch(loop_, watches_, *child);
      (void)co_await watch.wait(kKillTime);
    }
    process::Cgroups::remove(record.launch.cgroups);
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
  signal(container->record.stop_signal);
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
  FL_CO_TRY(const process::Child child, process::spawn_program(options_.program, arguments));
  ChildWatch watch(loop_, watches_, child);
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
