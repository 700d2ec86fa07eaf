#include "telemetry/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <filesystem>
#include <system_error>
#include <utility>

namespace fl::telemetry {
namespace {

// Our own open file of stdout where waiting for a reader is possible: O_NONBLOCK on the one we were given would be
// seen by everybody who shares it.
int open_stdout() {
  struct stat status{};
  if (::fstat(STDOUT_FILENO, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))) {
    const int fd = ::open("/proc/self/fd/1", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0) return fd;
  }
  return ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
}

// Read-write, so that a named pipe opens without a reader.
int open_path(const std::string& path) {
  std::error_code ignored;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0664);
}

int open_any(const std::string& path) { return path.empty() ? open_stdout() : open_path(path); }

}  // namespace

Result<LogFile> LogFile::open(std::string path) {
  const int fd = open_any(path);
  if (fd < 0)
    return fail(Code::unavailable, fmt::format("opening the access log {}: {}", path.empty() ? "stdout" : path,
                                               std::generic_category().message(errno)));
  return LogFile(std::move(path), fd);
}

LogFile::LogFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {
  struct stat status{};
  ::fstat(fd_, &status);
  kind_ = S_ISSOCK(status.st_mode) ? Kind::socket : S_ISFIFO(status.st_mode) ? Kind::pipe : Kind::file;
}

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), kind_(other.kind_) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(kind_, other.kind_);
  return *this;
}

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<> LogFile::reopen() {
  if (path_.empty()) return {};
  FL_TRY(*this, open(path_));
  return {};
}

// As many whole lines as a pipe takes at once or not at all; a longer line goes alone.
std::string_view LogFile::next_part(std::string_view lines) const {
  if (kind_ != Kind::pipe || lines.size() <= PIPE_BUF) return lines;
  size_t end = lines.rfind('\n', PIPE_BUF - 1);
  if (end == lines.npos) end = lines.find('\n');
  return lines.substr(0, end == lines.npos ? end : end + 1);
}

ssize_t LogFile::write(std::string_view lines) {
  size_t done = 0;
  while (done < lines.size()) {
    const std::string_view part = next_part(lines.substr(done));
    const ssize_t n = kind_ == Kind::socket ? ::send(fd_, part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                            : ::write(fd_, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return done > 0 ? static_cast<ssize_t>(done) : -errno;
    done += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace fl::telemetry
