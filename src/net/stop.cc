#include "net/stop.h"

#include <utility>

namespace fl::net {

StopWaiter::~StopWaiter() {
  if (source_ == nullptr) return;
  if (prev_ != nullptr)
    prev_->next_ = next_;
  else
    source_->waiters_ = next_;
  if (next_ != nullptr) next_->prev_ = prev_;
}

StopSource::~StopSource() {
  for (StopWaiter* w = waiters_; w != nullptr; w = w->next_) w->source_ = nullptr;
}

void StopSource::hook(StopWaiter& waiter) {
  waiter.source_ = this;
  waiter.prev_ = nullptr;
  waiter.next_ = waiters_;
  if (waiters_ != nullptr) waiters_->prev_ = &waiter;
  waiters_ = &waiter;
}

void StopSource::request_stop() {
  if (std::exchange(stopped_, true)) return;
  while (waiters_ != nullptr) {
    StopWaiter& w = *waiters_;
    waiters_ = w.next_;
    if (waiters_ != nullptr) waiters_->prev_ = nullptr;
    w.source_ = nullptr;
    w.next_ = w.prev_ = nullptr;
    w.on_stop();
  }
}

namespace {

struct Sleep final : StopWaiter {
  struct Alarm : Timer {
    Sleep& sleep;
    explicit Alarm(Sleep& s) : Timer(&Sleep::on_timer), sleep(s) {}
  };
  TimePoint deadline;
  StopToken stop;
  Alarm alarm{*this};
  std::coroutine_handle<> waiter;

  Sleep(TimePoint d, StopToken s) : deadline(d), stop(s) {}

  bool await_ready() noexcept { return stop.stop_requested(); }
  void await_suspend(std::coroutine_handle<> h) {
    waiter = h;
    stop.hook(*this);
    Loop::current().timers().set(alarm, deadline);
  }
  bool await_resume() noexcept { return !stop.stop_requested(); }

  void on_stop() noexcept override {
    alarm.cancel();
    if (waiter) Loop::current().resume_later(std::exchange(waiter, {}));
  }
  // Through the queue: the timer's callback must not destroy the timer's owner under the wheel's feet.
  static void on_timer(Timer& timer) {
    Sleep& self = static_cast<Alarm&>(timer).sleep;
    if (self.waiter) Loop::current().resume_later(std::exchange(self.waiter, {}));
  }
};

}  // namespace

Task<bool> sleep_until(TimePoint deadline, StopToken stop) {
  Sleep sleep(deadline, stop);
  co_return co_await sleep;
}

}  // namespace fl::net
