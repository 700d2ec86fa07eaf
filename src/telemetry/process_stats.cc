#include "telemetry/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/strings.h"

namespace fl::telemetry {
namespace {

std::string read_file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

uint64_t count_open_fds() {
  std::error_code error;
  uint64_t n = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error))
    ++n;
  return n > 0 ? n - 1 : 0;  // one is the folder itself
}

double boot_time() {
  const std::string stat = read_file("/proc/stat");
  const size_t at = stat.find("\nbtime ");
  if (at == stat.npos) return 0;
  const auto line = std::string_view(stat).substr(at + 7);
  return static_cast<double>(parse_uint(line.substr(0, line.find('\n'))).value_or(0));
}

}  // namespace

// proc(5): field 1 is the pid, field 2 the name in parentheses, which may hold anything.
ProcessStats ProcessStats::read() {
  ProcessStats out;
  const std::string stat = read_file("/proc/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end != stat.npos) {
    const auto fields = split(std::string_view(stat).substr(name_end + 1), ' ');  // fields[1] is field 3
    const auto number = [&](size_t field) {
      return field - 2 < fields.size() ? parse_uint(trim(fields[field - 2])).value_or(0) : 0;
    };
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    out.cpu_seconds = static_cast<double>(number(14) + number(15)) / ticks;
    out.start_time = boot_time() + static_cast<double>(number(22)) / ticks;
    out.virtual_bytes = number(23);
    out.resident_bytes = number(24) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  out.open_fds = count_open_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) out.max_fds = limit.rlim_cur;
  return out;
}

}  // namespace fl::telemetry
