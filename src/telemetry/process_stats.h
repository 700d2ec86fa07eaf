// What the kernel says about this process, for the process_* metrics. Linux's /proc; any thread.
#pragma once

#include <cstdint>

namespace fl::telemetry {

struct ProcessStats {
  double cpu_seconds = 0;  // user and system
  double start_time = 0;   // Unix seconds
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;

  // Zero where the kernel does not tell.
  static ProcessStats read();
};

}  // namespace fl::telemetry
