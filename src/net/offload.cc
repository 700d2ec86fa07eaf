#include "net/offload.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "net/loop.h"

namespace fl::net {
namespace {

constexpr size_t kThreads = 2;
constexpr size_t kMostWaiting = 256;

class Pool {
 public:
  // Never taken apart: work may come while the process ends.
  static Pool& instance() {
    static Pool* const pool = new Pool;
    return *pool;
  }

  bool submit(std::move_only_function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= kMostWaiting) return false;
      waiting_.push_back(std::move(work));
    }
    is_any_.notify_one();
    return true;
  }

 private:
  Pool() {
    for (size_t i = 0; i < kThreads; ++i) std::thread([this] { run(); }).detach();
  }

  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      is_any_.wait(lock, [this] { return !waiting_.empty(); });
      auto work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
    }
  }

  std::mutex mutex_;
  std::condition_variable is_any_;
  std::deque<std::move_only_function<void()>> waiting_;
};

struct Offload {
  std::move_only_function<void()> work;
  bool taken = false;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    return taken = Pool::instance().submit([this, &home = Loop::current(), waiter] {
      work();
      home.post([waiter] { waiter.resume(); });
    });
  }
  bool await_resume() const noexcept { return taken; }
};

}  // namespace

Task<bool> offload(std::move_only_function<void()> work) { co_return co_await Offload{std::move(work)}; }

}  // namespace fl::net
