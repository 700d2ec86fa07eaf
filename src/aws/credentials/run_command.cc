#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "aws/credentials/sources.h"
#include "net/stream.h"

namespace fl::aws::credentials {
namespace {

constexpr size_t kMaxOutput = 1 << 20;

// Starts the command with `output` as standard output and nothing as standard input. -> 0 | errno
int start(const std::string& command, int output, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  const char* arguments[] = {"/bin/sh", "-c", command.c_str(), nullptr};
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, const_cast<char**>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

struct Cancel final : net::StopWaiter {
  net::Stream& stream;
  explicit Cancel(net::Stream& s) : stream(s) {}
  void on_stop() noexcept override { stream.cancel(); }
};

}  // namespace

// A pair of sockets stands for the pipe: streams are made of sockets.
net::Task<Result<std::string>> run_command(std::string command, Duration timeout, net::StopSource* stop) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    co_return fail(Code::exhausted, fmt::format("credential_process: {}", std::strerror(errno)));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  net::TcpStream stream(net::Loop::current(), ends[0]);
  pid_t pid = -1;
  const int error = start(command, ends[1], pid);
  ::close(ends[1]);
  if (error != 0) co_return fail(Code::unavailable, fmt::format("credential_process: {}", std::strerror(error)));

  stream.set_read_deadline(net::Loop::current().now() + timeout);
  Cancel cancel(stream);
  if (stop != nullptr) stop->hook(cancel);
  std::string output;
  net::InBuffer in;
  ssize_t n = 1;
  while (output.size() <= kMaxOutput && (n = co_await stream.fill(in)) > 0) {
    output += in.view();
    in.consume(in.size());
  }
  // Its output has ended, or we no longer wait: nothing is left for it to do. A well-behaved one is ending just now.
  int status = 0;
  if (n != 0) ::kill(-pid, SIGKILL);
  ::waitpid(pid, &status, 0);
  if (n == -ETIMEDOUT) co_return fail(Code::timeout, "credential_process: does not end");
  if (n == -ECANCELED) co_return fail(Code::canceled, "credential_process: canceled");
  if (n != 0) co_return fail(Code::unavailable, "credential_process: too much output");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    co_return fail(Code::unavailable, WIFEXITED(status)
                                          ? fmt::format("credential_process: exit status {}", WEXITSTATUS(status))
                                          : fmt::format("credential_process: killed by signal {}", WTERMSIG(status)));
  co_return output;
}

}  // namespace fl::aws::credentials
