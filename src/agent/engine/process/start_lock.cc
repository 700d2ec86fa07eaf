#include "agent/engine/process/start_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fl::agent::engine::process {
namespace {

constexpr int kLeastFd = 10;  // above the descriptors that a shim finds its own under

}  // namespace

Result<StartLock> StartLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  const int opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const int fd = opened < 0 ? -1 : ::fcntl(opened, F_DUPFD_CLOEXEC, kLeastFd);
  const int error = errno;
  if (opened >= 0) ::close(opened);
  if (fd < 0) return fail(Code::unavailable, fmt::format("cannot open {}: {}", path, std::strerror(error)));
  StartLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
  return fail(Code::conflict, fmt::format("{} is held: the container has been started already", path));
}

bool StartLock::is_held(const std::string& directory) {
  const auto lock = take(directory);
  return !lock && lock.error().code == Code::conflict;
}

StartLock::~StartLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace fl::agent::engine::process
