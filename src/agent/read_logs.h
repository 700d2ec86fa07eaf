// The output of a task's containers as the agent keeps it on this machine, whether or not an agent runs. Reads files
// only; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::agent {

struct LogQuery {
  std::string data_directory;  // the agent's --data
  std::string task;            // ARN, id, or the beginning of an id that only one task has
  std::string container;       // empty: all
  size_t tail = 0;             // lines from the end of each container's output; 0: all
};

// Views are valid during the call.
struct LogLine {
  std::string_view container, time, stream, text;
  bool is_whole = true;  // false: its rest follows
};

// Lines of one container after the other, each in the order they were written. Errors: not_found, naming the tasks
// there are; invalid, when several fit.
Result<> read_logs(const LogQuery& query, const std::function<void(const LogLine&)>& on_line);

}  // namespace fl::agent
