// Asking coroutines of one loop to end: a StopSource is signalled once, its tokens' waiters come back early.
#pragma once

#include <coroutine>

#include "net/loop.h"
#include "net/task.h"

namespace fl::net {

class StopSource;

// Where a waiting operation hooks itself in; unhooks when destroyed.
class StopWaiter {
 public:
  StopWaiter() = default;
  StopWaiter(const StopWaiter&) = delete;
  StopWaiter& operator=(const StopWaiter&) = delete;
  virtual void on_stop() noexcept = 0;

 protected:
  ~StopWaiter();

 private:
  friend class StopSource;
  StopSource* source_ = nullptr;
  StopWaiter* next_ = nullptr;
  StopWaiter* prev_ = nullptr;
};

class StopSource {
 public:
  StopSource() = default;
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;
  ~StopSource();
  void request_stop();  // loop thread; more than once is fine
  bool stop_requested() const { return stopped_; }
  void hook(StopWaiter& waiter);

 private:
  friend class StopWaiter;
  bool stopped_ = false;
  StopWaiter* waiters_ = nullptr;
};

using StopToken = StopSource&;

// Waits until `deadline` or a stop. -> true when the time has come, false when asked to stop.
Task<bool> sleep_until(TimePoint deadline, StopToken stop);
inline Task<bool> sleep_for(Duration d, StopToken stop) { return sleep_until(Loop::current().now() + d, stop); }

}  // namespace fl::net
