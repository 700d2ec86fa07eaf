// Lets one coroutine wait until somebody says that something has changed; it then looks for itself what. Not lost when
// nobody waits. Worker thread.
#pragma once

#include <coroutine>
#include <utility>

#include "net/loop.h"

namespace fl::net {

class Wake {
 public:
  // The waiter goes on at the end of the loop's turn, never from in here.
  void notify() noexcept {
    if (waiter_)
      Loop::current().resume_later(std::exchange(waiter_, {}));
    else
      notified_ = true;
  }

  bool await_ready() noexcept { return std::exchange(notified_, false); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  void await_resume() noexcept {}

 private:
  std::coroutine_handle<> waiter_;
  bool notified_ = false;
};

}  // namespace fl::net
