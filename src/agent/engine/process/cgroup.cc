#include "agent/engine/process/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/engine/process/proc.h"
#include "base/strings.h"

namespace fl::agent::engine::process {
namespace {

constexpr std::string_view kOurs = "/fairlead";

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<> put(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fail(Code::denied, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  const ssize_t n = ::write(fd, text.data(), text.size());
  const int error = errno;
  ::close(fd);
  if (n < 0) return fail(Code::invalid, fmt::format("cannot write {} to {}: {}", text, path, std::strerror(error)));
  return {};
}

bool make_directory(const std::string& path) { return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST; }

// docker's own mapping of shares (2..262144) to a weight (1..10000)
int64_t weight_of(int64_t shares) { return 1 + (std::clamp<int64_t>(shares, 2, 262144) - 2) * 9999 / 262142; }

}  // namespace

Cgroups Cgroups::find(const std::string& root) {
  Cgroups out;
  if (exists(root + "/cgroup.controllers")) {
    const std::string ours = root + std::string(kOurs);
    for (const std::string& parent : {root, ours}) {
      if (parent == ours && !make_directory(ours)) return out;
      if (!put(parent + "/cgroup.subtree_control", "+memory +cpu")) return out;
    }
    out.is_v2_ = true;
    out.memory_ = out.cpu_ = ours;
    return out;
  }
  const auto ours = [&](std::string_view controller, std::string_view file) {
    const std::string path = fmt::format("{}/{}{}", root, controller, kOurs);
    return exists(fmt::format("{}/{}/{}", root, controller, file)) && make_directory(path) &&
                   ::access(path.c_str(), W_OK) == 0
               ? path
               : std::string();
  };
  out.memory_ = ours("memory", "memory.limit_in_bytes");
  out.cpu_ = ours("cpu", "cpu.shares");
  return out;
}

Result<std::vector<std::string>> Cgroups::make(const std::string& id, int64_t memory_bytes, int64_t cpu_shares) const {
  std::vector<std::string> groups;
  const auto group = [&](const std::string& parent) {
    std::string path = parent + "/" + id;
    if (!make_directory(path)) return std::string();
    if (std::ranges::find(groups, path) == groups.end()) groups.push_back(path);
    return path;
  };
  const auto limit = [&](const std::string& parent, std::string_view file, int64_t value) -> Result<> {
    const std::string path = group(parent);
    if (path.empty()) return fail(Code::unavailable, fmt::format("cannot make a control group below {}", parent));
    return put(fmt::format("{}/{}", path, file), std::to_string(value));
  };
  Result<> limited;
  if (memory_bytes > 0 && limits_memory())
    limited = limit(memory_, is_v2_ ? "memory.max" : "memory.limit_in_bytes", memory_bytes);
  if (limited && cpu_shares > 0 && shares_cpu())
    limited = limit(cpu_, is_v2_ ? "cpu.weight" : "cpu.shares", is_v2_ ? weight_of(cpu_shares) : cpu_shares);
  if (!limited) {
    remove(groups);
    return tl::make_unexpected(std::move(limited).error());
  }
  return groups;
}

void Cgroups::remove(const std::vector<std::string>& groups) {
  for (const std::string& path : groups) ::rmdir(path.c_str());
}

bool had_oom_kill(const std::string& group) {
  for (const char* file : {"/memory.events", "/memory.oom_control"}) {
    const auto text = read_file(group + file);
    if (!text) continue;
    for (const std::string_view line : split(*text, '\n'))
      if (line.starts_with("oom_kill ")) return parse_uint(line.substr(9)).value_or(0) > 0;
  }
  return false;
}

}  // namespace fl::agent::engine::process
