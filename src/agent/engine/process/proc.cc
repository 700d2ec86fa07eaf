#include "agent/engine/process/proc.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/strings.h"

namespace fl::agent::engine::process {
namespace {

// Fields of /proc/PID/stat from the third on; the second, a name in parentheses, may hold anything.
std::vector<std::string_view> stat_fields(std::string_view text) {
  const size_t end = text.rfind(')');
  if (end == text.npos || end + 2 > text.size()) return {};
  return split(trim(text.substr(end + 2)), ' ');
}

constexpr size_t kState = 0, kUserTime = 11, kSystemTime = 12, kStartTime = 19, kResident = 21;

std::vector<std::string_view> read_stat(pid_t pid, std::string& text) {
  auto read = read_file(fmt::format("/proc/{}/stat", pid));
  if (!read) return {};
  text = std::move(*read);
  auto fields = stat_fields(text);
  if (fields.size() <= kResident) fields.clear();
  return fields;
}

}  // namespace

std::optional<ProcessId> identify(pid_t pid) {
  std::string text;
  const auto fields = read_stat(pid, text);
  if (fields.empty() || fields[kState] == "Z" || fields[kState] == "X") return std::nullopt;
  const auto start = parse_uint(fields[kStartTime]);
  if (!start) return std::nullopt;
  return ProcessId{pid, *start};
}

int open_pidfd(const ProcessId& process) {
  if (process.pid <= 0) return -1;
  // Opened first, looked at afterwards: what the descriptor names cannot change any more.
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0));
  if (fd < 0) return -1;
  if (identify(process.pid) == process) return fd;
  ::close(fd);
  return -1;
}

bool send_signal(int pidfd, int signal) { return ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0; }

bool has_ended(int pidfd) {
  pollfd entry{pidfd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

std::optional<ProcessUsage> usage_of(pid_t pid) {
  std::string text;
  const auto fields = read_stat(pid, text);
  if (fields.empty()) return std::nullopt;
  const uint64_t ticks = parse_uint(fields[kUserTime]).value_or(0) + parse_uint(fields[kSystemTime]).value_or(0);
  const uint64_t pages = parse_uint(fields[kResident]).value_or(0);
  const auto per_second = static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
  return ProcessUsage{ticks * (1'000'000'000 / per_second), pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))};
}

std::optional<int> parse_signal(std::string_view text) {
  if (const auto number = parse_uint(text)) {
    if (*number >= 1 && *number <= 64) return static_cast<int>(*number);
    return std::nullopt;
  }
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* name = ::sigabbrev_np(signal);
    if (name != nullptr && text == name) return signal;
  }
  return std::nullopt;
}

Result<std::string> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(errno == ENOENT ? Code::not_found : Code::unavailable,
                fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  std::string text;
  char buffer[4096];
  ssize_t n;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<size_t>(n));
  const int error = errno;
  ::close(fd);
  if (n < 0) return fail(Code::unavailable, fmt::format("cannot read {}: {}", path, std::strerror(error)));
  return text;
}

namespace {

Result<> replace_file(const std::string& path, std::string_view text, mode_t mode, bool is_durable) {
  const std::string fresh = path + ".new";
  const auto failed = [&](std::string_view doing, int error) {
    ::unlink(fresh.c_str());
    return fail(Code::unavailable, fmt::format("cannot {} {}: {}", doing, path, std::strerror(error)));
  };
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return failed("create", errno);
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0) {
      const int error = errno;
      ::close(fd);
      return failed("write", error);
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
  const bool is_kept = !is_durable || ::fdatasync(fd) == 0;
  const int error = errno;
  if (::close(fd) != 0 || !is_kept) return failed("write", is_kept ? errno : error);
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return failed("replace", errno);
  return {};
}

}  // namespace

Result<> write_file(const std::string& path, std::string_view text, mode_t mode) {
  return replace_file(path, text, mode, false);
}

Result<> write_durable_file(const std::string& path, std::string_view text, mode_t mode) {
  return replace_file(path, text, mode, true);
}

}  // namespace fl::agent::engine::process
