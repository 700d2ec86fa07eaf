#include "agent/engine/process/shim.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "agent/container_shim.h"
#include "agent/engine/process/cgroup.h"
#include "agent/logs/log_file.h"
#include "base/json.h"
#include "base/strings.h"

namespace fl::agent::engine::process {
namespace {

constexpr int kDrainMs = 200;  // for output that is still in the pipes when the container has ended

int64_t to_ns(WallTime t) { return t.time_since_epoch().count(); }
WallTime from_ns(int64_t ns) { return WallTime(Duration(ns)); }

json::Value encode(const ProcessId& process) {
  return json::Object{{"pid", int64_t{process.pid}}, {"startTime", static_cast<int64_t>(process.start_time)}};
}

int64_t integer(const json::Value* value) {
  return value != nullptr && value->if_int() != nullptr ? *value->if_int() : 0;
}

ProcessId decode_process(const json::Value* value) {
  if (value == nullptr) return {};
  return {static_cast<pid_t>(integer(value->find("pid"))), static_cast<uint64_t>(integer(value->find("startTime")))};
}

std::vector<std::string> strings(const json::Value* value) {
  std::vector<std::string> out;
  if (value != nullptr && value->if_array() != nullptr)
    for (const json::Value& item : *value->if_array())
      if (item.if_string() != nullptr) out.push_back(*item.if_string());
  return out;
}

json::Array to_array(const std::vector<std::string>& list) { return {list.begin(), list.end()}; }

struct User {
  uid_t uid;
  gid_t gid;
  std::string name;
};

// As Docker's --user: a name or number, and a group's number or name behind a colon.
Result<User> find_user(const std::string& text) {
  const auto parts = split(text, ':');
  User user{};
  const std::string first(parts[0]);
  const auto number = parse_uint(first);
  const passwd* entry = number ? ::getpwuid(static_cast<uid_t>(*number)) : ::getpwnam(first.c_str());
  if (entry == nullptr && !number)
    return fail(Code::invalid, fmt::format("unable to find user {}: no matching entries in passwd file", first));
  user.uid = number ? static_cast<uid_t>(*number) : entry->pw_uid;
  user.gid = entry != nullptr ? entry->pw_gid : 0;
  if (entry != nullptr) user.name = entry->pw_name;
  if (parts.size() > 1) {
    const std::string second(parts[1]);
    const auto gid = parse_uint(second);
    const group* found = gid ? nullptr : ::getgrnam(second.c_str());
    if (!gid && found == nullptr)
      return fail(Code::invalid, fmt::format("unable to find group {}: no matching entries in group file", second));
    user.gid = gid ? static_cast<gid_t>(*gid) : found->gr_gid;
  }
  return user;
}

// In the child, up to the new program. Returns only when it failed, with what failed; errno says why.
std::string_view become(const LaunchSpec& spec, const std::optional<User>& user) {
  for (const std::string& cgroup : spec.cgroups) {
    // Version 1 has `tasks` for single threads. We are one, and the kernel need not stop the whole machine's forks for
    // it, which takes it 10 ms and more.
    int fd = ::open((cgroup + "/tasks").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) fd = ::open((cgroup + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) return "entering its cgroup";
    ::close(fd);
  }
  // A host name of its own needs privileges; without them the machine's stays, and HOSTNAME tells the container's.
  if (!spec.hostname.empty() && ::unshare(CLONE_NEWUTS) == 0)
    (void)::sethostname(spec.hostname.data(), spec.hostname.size());
  for (const ResourceLimit& limit : spec.limits) {
    const rlimit value{limit.soft, limit.hard};
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &value) != 0) return "error setting rlimit";
  }
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0) return "entering its directory";
  if (user) {
    if (::geteuid() == 0 && ::initgroups(user->name.empty() ? "nobody" : user->name.c_str(), user->gid) != 0)
      return "setting its groups";
    if (::setgid(user->gid) != 0 || ::setuid(user->uid) != 0) return "becoming its user";
  }
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> arguments, environment;
  for (const std::string& s : spec.arguments) arguments.push_back(const_cast<char*>(s.c_str()));
  for (const std::string& s : spec.environment) environment.push_back(const_cast<char*>(s.c_str()));
  arguments.push_back(nullptr);
  environment.push_back(nullptr);
  ::environ = environment.data();  // where execvp looks for PATH
  ::execvp(arguments[0], arguments.data());
  return arguments[0];
}

struct Pipe {
  int read = -1, write = -1;
  bool open() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return false;
    read = fds[0];
    write = fds[1];
    return true;
  }
};

// One of the container's two outputs.
struct Output {
  const char* stream;
  Pipe pipe;
  logs::LineCutter lines;
  bool ended = false;
};

class Shim {
 public:
  Shim(std::string directory, LaunchSpec spec) : directory_(std::move(directory)), spec_(std::move(spec)) {}

  // Errors: why the container could not be started, in the words a container's reason needs.
  Result<> start();
  // Until the container has ended, its output is in the log and its end on disk. -> exit code of the shim
  int attend();

 private:
  [[noreturn]] void child(pid_t parent);
  void pump(Output& output);
  void reap();
  void kill_rest();

  const std::string directory_;
  const LaunchSpec spec_;
  std::optional<User> user_;
  std::optional<logs::LogFile> log_;
  Output out_{"stdout", {}, {}}, err_{"stderr", {}, {}};
  Pipe failure_;  // from the child: what failed before the new program; closed by its success
  int signals_ = -1;
  pid_t pid_ = 0;
  std::optional<int> status_;  // wait status of the container's process
};

void Shim::child(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(out_.pipe.write, STDOUT_FILENO);
  ::dup2(err_.pipe.write, STDERR_FILENO);
  const std::string_view doing = become(spec_, user_);
  const std::string text = fmt::format("{}: {}", doing, std::strerror(errno));
  (void)!::write(failure_.write, text.data(), text.size());
  ::_exit(127);
}

Result<> Shim::start() {
  if (spec_.arguments.empty()) return fail(Code::invalid, "no command specified");
  if (!spec_.user.empty()) {
    FL_TRY(user_, find_user(spec_.user));
  }
  FL_TRY(logs::LogFile log, logs::LogFile::open(spec_.log_path, {spec_.log_max_bytes, spec_.log_max_files}));
  log_.emplace(std::move(log));
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals_ < 0 || !out_.pipe.open() || !err_.pipe.open() || !failure_.open())
    return fail(Code::exhausted, fmt::format("cannot make pipes: {}", std::strerror(errno)));

  const pid_t self = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) return fail(Code::exhausted, fmt::format("cannot fork: {}", std::strerror(errno)));
  if (pid_ == 0) child(self);
  for (Pipe* pipe : {&out_.pipe, &err_.pipe, &failure_}) ::close(pipe->write);

  char text[512];
  const ssize_t n = ::read(failure_.read, text, sizeof text);
  ::close(failure_.read);
  if (n > 0) {
    ::waitpid(pid_, nullptr, 0);
    return fail(Code::invalid, std::string(text, static_cast<size_t>(n)));
  }
  // One that has ended already is a zombie until reap(): its pid is still its own.
  const ProcessId process = identify(pid_).value_or(ProcessId{pid_, 0});
  const json::Object state{{"process", encode(process)},
                           {"shim", encode(identify(self).value_or(ProcessId{self, 0}))},
                           {"startedAt", to_ns(system_clock().wall())}};
  return write_file(directory_ + "/state.json", json::to_text(state));
}

void Shim::pump(Output& output) {
  char buffer[16 << 10];
  const ssize_t n = ::read(output.pipe.read, buffer, sizeof buffer);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  const auto write = [&](std::string_view line, bool is_whole) {
    log_->write(system_clock().wall(), output.stream, line, is_whole);
  };
  if (n > 0) {
    output.lines.add({buffer, static_cast<size_t>(n)}, write);
    return;
  }
  output.lines.finish(write);
  output.ended = true;
}

void Shim::reap() {
  signalfd_siginfo ignored;
  while (::read(signals_, &ignored, sizeof ignored) > 0) {
  }
  int status = 0;
  for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
    if (pid == pid_) status_ = status;
}

// What the container left behind: its session's group first, then whoever became our child by losing its parent.
void Shim::kill_rest() {
  ::kill(-pid_, SIGKILL);
  const std::string children = fmt::format("/proc/self/task/{}/children", ::getpid());
  while (true) {
    const auto list = read_file(children);
    if (!list || trim(*list).empty()) return;
    for (const std::string_view pid : split(trim(*list), ' '))
      if (const auto number = parse_int(pid)) ::kill(static_cast<pid_t>(*number), SIGKILL);
    if (::waitpid(-1, nullptr, 0) < 0) return;
  }
}

int Shim::attend() {
  while (!status_) {
    pollfd entries[] = {{signals_, POLLIN, 0},
                        {out_.ended ? -1 : out_.pipe.read, POLLIN, 0},
                        {err_.ended ? -1 : err_.pipe.read, POLLIN, 0}};
    if (::poll(entries, 3, -1) < 0 && errno != EINTR) return 1;
    if (entries[1].revents != 0) pump(out_);
    if (entries[2].revents != 0) pump(err_);
    if (entries[0].revents != 0) reap();
  }
  const WallTime ended_at = system_clock().wall();
  kill_rest();
  // What holds the pipes now is nobody we know of: no longer than a moment.
  for (Output* output : {&out_, &err_})
    for (pollfd entry{output->pipe.read, POLLIN, 0}; !output->ended;) {
      if (::poll(&entry, 1, kDrainMs) <= 0) break;
      pump(*output);
    }
  bool out_of_memory = false;
  for (const std::string& cgroup : spec_.cgroups) out_of_memory = out_of_memory || had_oom_kill(cgroup);
  const int code = WIFSIGNALED(*status_) ? 128 + WTERMSIG(*status_) : WEXITSTATUS(*status_);
  const json::Object exit{
      {"code", code}, {"outOfMemory", out_of_memory && code == 128 + SIGKILL}, {"at", to_ns(ended_at)}};
  return write_file(directory_ + "/exit.json", json::to_text(exit)) ? 0 : 1;
}

void say(std::string_view text) {
  (void)!::write(kReadyFd, text.data(), text.size());
  ::close(kReadyFd);
}

int run(const std::string& directory, LaunchSpec spec) {
  for (const int fd : {kReadyFd, kLockFd}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Shim shim(directory, std::move(spec));
  if (const auto started = shim.start(); !started) {
    say("failed " + started.error().message + "\n");
    return 1;
  }
  say("started\n");
  return shim.attend();
}

int exec(LaunchSpec spec, std::span<const char* const> command) {
  spec.arguments.assign(command.begin(), command.end());
  spec.hostname.clear();  // the container's own is not ours to enter
  std::optional<User> user;
  if (!spec.user.empty()) {
    auto found = find_user(spec.user);
    if (!found) return 126;
    user = std::move(*found);
  }
  become(spec, user);
  return errno == ENOENT ? 127 : 126;
}

}  // namespace

// ---- files

std::string encode(const LaunchSpec& spec) {
  json::Array limits;
  for (const ResourceLimit& limit : spec.limits)
    limits.push_back(
        json::Array{int64_t{limit.resource}, static_cast<int64_t>(limit.soft), static_cast<int64_t>(limit.hard)});
  return json::to_text(json::Object{{"arguments", to_array(spec.arguments)},
                                    {"environment", to_array(spec.environment)},
                                    {"directory", spec.directory},
                                    {"hostname", spec.hostname},
                                    {"user", spec.user},
                                    {"limits", std::move(limits)},
                                    {"cgroups", to_array(spec.cgroups)},
                                    {"logPath", spec.log_path},
                                    {"logMaxBytes", static_cast<int64_t>(spec.log_max_bytes)},
                                    {"logMaxFiles", spec.log_max_files}});
}

Result<LaunchSpec> decode_launch_spec(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  LaunchSpec spec;
  spec.arguments = strings(value.find("arguments"));
  spec.environment = strings(value.find("environment"));
  spec.directory = value.string_at("directory");
  spec.hostname = value.string_at("hostname");
  spec.user = value.string_at("user");
  if (const json::Value* limits = value.find("limits"); limits != nullptr && limits->if_array() != nullptr)
    for (const json::Value& limit : *limits->if_array())
      if (const json::Array* three = limit.if_array(); three != nullptr && three->size() == 3)
        spec.limits.push_back({static_cast<int>(integer(&(*three)[0])), static_cast<uint64_t>(integer(&(*three)[1])),
                               static_cast<uint64_t>(integer(&(*three)[2]))});
  spec.cgroups = strings(value.find("cgroups"));
  spec.log_path = value.string_at("logPath");
  spec.log_max_bytes = static_cast<uint64_t>(integer(value.find("logMaxBytes")));
  spec.log_max_files = static_cast<int>(integer(value.find("logMaxFiles")));
  return spec;
}

Result<LaunchState> read_state(const std::string& directory) {
  FL_TRY(const std::string text, read_file(directory + "/state.json"));
  FL_TRY(const json::Value value, json::parse(text));
  return LaunchState{decode_process(value.find("process")), decode_process(value.find("shim")),
                     from_ns(integer(value.find("startedAt")))};
}

Result<LaunchExit> read_exit(const std::string& directory) {
  FL_TRY(const std::string text, read_file(directory + "/exit.json"));
  FL_TRY(const json::Value value, json::parse(text));
  const json::Value* oom = value.find("outOfMemory");
  return LaunchExit{static_cast<int>(integer(value.find("code"))),
                    oom != nullptr && oom->if_bool() != nullptr && *oom->if_bool(), from_ns(integer(value.find("at")))};
}

int run_shim(std::span<const char* const> arguments) {
  const std::string_view verb = arguments.empty() ? "" : arguments[0];
  if (arguments.size() < 2 || (verb != "run" && verb != "exec")) {
    std::fputs("fairlead container-shim is started by fairlead agent only\n", stderr);
    return 2;
  }
  const std::string directory = arguments[1];
  const auto text = read_file(directory + "/spec.json");
  auto spec = text ? decode_launch_spec(*text) : tl::make_unexpected(text.error());
  if (!spec) {
    if (verb == "run") say("failed " + spec.error().message + "\n");
    return 1;
  }
  return verb == "run" ? run(directory, std::move(*spec)) : exec(std::move(*spec), arguments.subspan(2));
}

}  // namespace fl::agent::engine::process

namespace fl::agent {

int run_container_shim(std::span<const char* const> arguments) { return engine::process::run_shim(arguments); }

}  // namespace fl::agent
