#include "agent/logs/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace fl::agent::logs {

Result<LogFile> LogFile::open(std::string path, LogLimits limits) {
  LogFile file(std::move(path), limits);
  FL_TRY_VOID(file.reopen());
  return file;
}

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)), limits_(other.limits_), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<> LogFile::reopen() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0) return fail(Code::unavailable, fmt::format("cannot open {}: {}", path_, std::strerror(errno)));
  struct stat facts{};
  size_ = ::fstat(fd_, &facts) == 0 ? static_cast<uint64_t>(facts.st_size) : 0;
  return {};
}

void LogFile::rotate() {
  const auto name = [this](int n) { return n == 0 ? path_ : fmt::format("{}.{}", path_, n); };
  for (int n = limits_.max_files - 1; n > 0; --n) std::rename(name(n - 1).c_str(), name(n).c_str());
  if (limits_.max_files <= 1) ::unlink(path_.c_str());
  (void)reopen();  // without a file the lines are lost until the next rotation finds room
}

void LogFile::write(WallTime at, std::string_view stream, std::string_view line, bool is_whole) {
  write_at(format_rfc3339(at), stream, line, is_whole);
}

void LogFile::write_at(std::string_view time, std::string_view stream, std::string_view line, bool is_whole) {
  line_.clear();
  fmt::format_to(std::back_inserter(line_), "{} {} {} {}\n", time, stream, is_whole ? 'F' : 'P', line);
  if (size_ > 0 && size_ + line_.size() > limits_.max_file_bytes) rotate();
  const ssize_t n = ::write(fd_, line_.data(), line_.size());
  if (n > 0) size_ += static_cast<uint64_t>(n);
}

}  // namespace fl::agent::logs
