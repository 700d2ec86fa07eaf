// Tells whether a container has a shim: the agent takes the lock before it starts one and hands it on, so that it is
// held from then until the shim has gone, whatever becomes of the agent meanwhile. Agent thread and shims.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace fl::agent::engine::process {

class StartLock {
 public:
  // Errors: a shim has it; it cannot be made.
  static Result<StartLock> take(const std::string& directory);
  static bool is_held(const std::string& directory);

  StartLock(StartLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  StartLock& operator=(StartLock&&) = delete;
  // Whoever was given a copy of the descriptor still has the lock.
  ~StartLock();

  int fd() const { return fd_; }

 private:
  explicit StartLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace fl::agent::engine::process
