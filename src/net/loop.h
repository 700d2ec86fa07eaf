// The event loop of one thread: edge-triggered epoll, timers, a mailbox, and a queue of coroutines that gave way.
// Everything here except post() and stop() belongs to the loop's own thread. See docs/architecture/threads.md.
//
// A turn: wait -> expired timers -> events (each resumes at most what it completes) -> those that gave way -> mail.
#pragma once

#include <sys/epoll.h>

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "net/timer_wheel.h"

namespace fl::net {

class Loop;

// Something with a file descriptor that is registered once, for its whole life, edge-triggered in both directions.
// Before the descriptor is closed it is removed: closing does that only for the last copy, and while another thread
// starts a program, the child has copies of all until it executes.
class Pollable {
 public:
  Pollable() = default;
  Pollable(const Pollable&) = delete;
  Pollable& operator=(const Pollable&) = delete;
  virtual void on_events(uint32_t epoll_events) noexcept = 0;

 protected:
  ~Pollable() = default;
};

class Loop {
 public:
  explicit Loop(const Clock& clock = system_clock());
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The loop of the calling thread; set while run() is on the stack or by make_current().
  static Loop& current() { return *current_; }
  void make_current() { current_ = this; }

  void run();            // until stop()
  void turn(bool wait);  // one turn; for tests and for owners with a loop of their own
  void stop();           // any thread

  // Monotonic and wall time, read once a turn.
  TimePoint now() const { return now_; }
  WallTime wall() const { return wall_; }
  const Clock& clock() const { return clock_; }
  TimerWheel& timers() { return timers_; }

  // Runs `f` on this loop's thread, in a later turn. Any thread.
  void post(std::move_only_function<void()> f);

  // Resumes the coroutine in this loop's next turn, after its events.
  void resume_later(std::coroutine_handle<> coroutine) { yielded_.push_back(coroutine); }

  void add(int fd, uint32_t epoll_events, Pollable& pollable);
  void modify(int fd, uint32_t epoll_events, Pollable& pollable);
  // The Pollable hears nothing more, not even what is left for it in the running batch.
  void remove(int fd, Pollable& pollable) noexcept;

  // Bytes that coroutines may still move before they should give way to others; refilled for each event.
  int64_t budget() const { return budget_; }
  void spend(size_t bytes) { budget_ -= static_cast<int64_t>(bytes); }
  void refill_budget() { budget_ = kBudget; }

  // Called at the end of each turn in which anything happened: the place to flush what was batched.
  void set_after_turn(std::move_only_function<void()> f) { after_turn_ = std::move(f); }

 private:
  static constexpr int64_t kBudget = 512 << 10;
  static constexpr int kMaxEvents = 256;
  static thread_local Loop* current_;

  class Mailbox;

  const Clock& clock_;
  int epoll_fd_;
  TimePoint now_;
  WallTime wall_;
  TimerWheel timers_;
  int64_t budget_ = kBudget;
  bool stopped_ = false;
  std::unique_ptr<Mailbox> mailbox_;
  std::vector<std::coroutine_handle<>> yielded_;
  std::vector<std::coroutine_handle<>> resuming_;
  std::span<epoll_event> batch_;  // events of this turn not yet delivered
  std::move_only_function<void()> after_turn_;
};

// Awaitable: comes back in the loop's next turn.
struct Yield {
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) { Loop::current().resume_later(self); }
  void await_resume() noexcept {}
};
inline Yield yield() { return {}; }

}  // namespace fl::net
