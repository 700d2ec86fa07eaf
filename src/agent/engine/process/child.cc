#include "agent/engine/process/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/engine/process/shim.h"

namespace fl::agent::engine::process {

Result<Child> spawn_program(const std::string& program, const std::vector<std::string>& arguments, int ready_fd,
                            int lock_fd) {
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
  if (ready_fd >= 0) ::posix_spawn_file_actions_adddup2(&files, ready_fd, kReadyFd);
  if (lock_fd >= 0) ::posix_spawn_file_actions_adddup2(&files, lock_fd, kLockFd);
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

ChildWatch::ChildWatch(net::Loop& loop, std::set<ChildWatch*>& all, const Child& child)
    : loop_(loop), all_(all), child_(child) {
  loop_.add(child_.pidfd, EPOLLIN, *this);
  all_.insert(this);
}

ChildWatch::~ChildWatch() {
  all_.erase(this);
  loop_.remove(child_.pidfd, *this);
  ::close(child_.pidfd);
}

net::Task<std::optional<int>> ChildWatch::wait(Duration timeout) {
  if (co_await net::sleep_for(timeout, ended_)) co_return std::nullopt;
  int status = 0;
  if (::waitpid(child_.pid, &status, WNOHANG) != child_.pid) co_return std::nullopt;
  co_return status;
}

}  // namespace fl::agent::engine::process
