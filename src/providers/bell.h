// Wakes one coroutine of the same loop. Rings are not counted: those between two waits are one.
#pragma once

#include <coroutine>
#include <utility>

#include "net/stop.h"

namespace fl::providers {

class Bell {
 public:
  void ring() noexcept {
    is_rung_ = true;
    if (waiter_) net::Loop::current().resume_later(std::exchange(waiter_, {}));
  }

  // Resumes after a ring since the last wait. -> false when asked to stop.
  net::Task<bool> wait(net::StopToken stop) {
    Waiting waiting(*this, stop);
    co_await waiting;
    is_rung_ = false;
    co_return !stop.stop_requested();
  }

 private:
  struct Waiting final : net::StopWaiter {
    Bell& bell;
    net::StopToken stop;

    Waiting(Bell& b, net::StopToken s) : bell(b), stop(s) {}
    bool await_ready() noexcept { return bell.is_rung_ || stop.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      bell.waiter_ = waiter;
      stop.hook(*this);
    }
    void await_resume() noexcept {}
    void on_stop() noexcept override { bell.ring(); }
  };

  bool is_rung_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace fl::providers
