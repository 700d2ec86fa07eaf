#include "net/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/check.h"

namespace fl::net {

thread_local Loop* Loop::current_ = nullptr;

// Letters from other threads: a queue under a mutex and an eventfd that wakes the loop.
class Loop::Mailbox final : public Pollable {
 public:
  explicit Mailbox(Loop& loop) : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    FL_CHECK(fd_ >= 0);
    loop.add(fd_, EPOLLIN, *this);
  }
  ~Mailbox() { ::close(fd_); }

  void post(std::move_only_function<void()> f) {
    bool was_empty;
    {
      std::lock_guard lock(mutex_);
      was_empty = letters_.empty();
      letters_.push_back(std::move(f));
    }
    if (was_empty) {
      const uint64_t one = 1;
      [[maybe_unused]] const auto n = ::write(fd_, &one, sizeof one);
    }
  }

  void on_events(uint32_t) noexcept override {
    uint64_t count;
    [[maybe_unused]] const auto n = ::read(fd_, &count, sizeof count);
    std::vector<std::move_only_function<void()>> letters;
    {
      std::lock_guard lock(mutex_);
      letters.swap(letters_);
    }
    for (auto& letter : letters) letter();
  }

 private:
  int fd_;
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> letters_;
};

Loop::Loop(const Clock& clock)
    : clock_(clock), epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), now_(clock.now()), wall_(clock.wall()), timers_(now_) {
  FL_CHECK(epoll_fd_ >= 0);
  if (current_ == nullptr) current_ = this;
  mailbox_ = std::make_unique<Mailbox>(*this);
}

Loop::~Loop() {
  mailbox_.reset();
  ::close(epoll_fd_);
  if (current_ == this) current_ = nullptr;
}

void Loop::run() {
  Loop* const before = std::exchange(current_, this);
  stopped_ = false;
  while (!stopped_) turn(true);
  current_ = before;
}

void Loop::turn(bool wait) {
  int timeout = wait && yielded_.empty() ? -1 : 0;
  if (timeout != 0) {
    if (const auto next = timers_.next()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.now()).count();
      timeout = left <= 0 ? 0 : static_cast<int>(std::min<int64_t>(left, 1 << 30));
    }
  }
  std::array<epoll_event, kMaxEvents> events;
  const int n = ::epoll_wait(epoll_fd_, events.data(), kMaxEvents, timeout);
  now_ = clock_.now();
  wall_ = clock_.wall();
  timers_.advance(now_);
  if (n > 0) {
    batch_ = std::span(events).first(static_cast<size_t>(n));
    while (!batch_.empty()) {
      const epoll_event event = batch_.front();
      batch_ = batch_.subspan(1);
      if (event.data.ptr == nullptr) continue;
      refill_budget();
      static_cast<Pollable*>(event.data.ptr)->on_events(event.events);
    }
  }
  resuming_.swap(yielded_);
  for (const auto coroutine : resuming_) {
    refill_budget();
    coroutine.resume();
  }
  resuming_.clear();
  if (after_turn_) after_turn_();
}

void Loop::stop() {
  post([this] { stopped_ = true; });
}

void Loop::post(std::move_only_function<void()> f) { mailbox_->post(std::move(f)); }

void Loop::add(int fd, uint32_t epoll_events, Pollable& pollable) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &pollable;
  FL_CHECK(::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void Loop::modify(int fd, uint32_t epoll_events, Pollable& pollable) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = &pollable;
  FL_CHECK(::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0);
}

void Loop::remove(int fd, Pollable& pollable) noexcept {
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  for (epoll_event& event : batch_)
    if (event.data.ptr == &pollable) event.data.ptr = nullptr;
}

}  // namespace fl::net
