// Programs that the engine starts, and their end on its loop. Agent thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/loop.h"
#include "net/stop.h"
#include "net/task.h"

namespace fl::agent::engine::process {

struct Child {
  pid_t pid = 0;
  int pidfd = -1;  // whoever has the child closes it
};

// Starts `program` in a session of its own, with nothing of ours but `ready_fd` as kReadyFd and `lock_fd` as kLockFd
// (-1: not even that).
Result<Child> spawn_program(const std::string& program, const std::vector<std::string>& arguments, int ready_fd = -1,
                            int lock_fd = -1);

// Waits on the loop for a child to end.
class ChildWatch final : public net::Pollable {
 public:
  // Stands in `all` while it lives, so that who ends the waiting (cancel()) finds it. Closes the child's pidfd.
  ChildWatch(net::Loop& loop, std::set<ChildWatch*>& all, const Child& child);
  ~ChildWatch();
  void on_events(uint32_t) noexcept override { ended_.request_stop(); }
  void cancel() { ended_.request_stop(); }
  // -> its wait status, or nullopt when the time is over first
  net::Task<std::optional<int>> wait(Duration timeout);

 private:
  net::Loop& loop_;
  std::set<ChildWatch*>& all_;
  const Child child_;
  net::StopSource ended_;
};

}  // namespace fl::agent::engine::process
