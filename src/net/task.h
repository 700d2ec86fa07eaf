// Task<T>: a lazy coroutine awaited exactly once, on one thread. It starts when awaited and resumes its awaiter by
// symmetric transfer when it ends. Detached: a coroutine that starts at once and frees itself; the root of a chain.
//
// A suspended frame is never destroyed from outside: whoever wants a coroutine to end completes what it waits for with
// an error (Stream::cancel, StopSource) and lets it return. Exceptions do not cross a coroutine.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/check.h"
#include "net/frame_pool.h"

namespace fl::net {

template <class T = void>
class Task;

namespace detail {

struct PooledFrame {
  static void* operator new(size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, size_t size) noexcept { free_frame(frame, size); }
};

struct TaskPromiseBase : PooledFrame {
  std::coroutine_handle<> continuation;

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> result;
  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T take() { return std::move(*result); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();  // never started, or done
  }

  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
        handle.promise().continuation = awaiter;
        return handle;
      }
      T await_resume() { return handle.promise().take(); }
    };
    FL_ASSERT(handle_);
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}
}  // namespace detail

struct Detached {
  struct promise_type : detail::PooledFrame {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

// Runs a task on its own, from now on.
inline Detached spawn(Task<void> task) { co_await std::move(task); }

// Children of one scope: the parent joins them all before it lets go of what they use. Same thread as its parent.
class TaskScope {
 public:
  TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope() { FL_CHECK(running_ == 0); }

  void spawn(Task<void> task) {
    ++running_;
    run(*this, std::move(task));
  }

  // Resumes when the last child has returned.
  auto join() {
    struct Awaiter {
      TaskScope& scope;
      bool await_ready() noexcept { return scope.running_ == 0; }
      void await_suspend(std::coroutine_handle<> waiter) noexcept { scope.waiter_ = waiter; }
      void await_resume() noexcept {}
    };
    return Awaiter{*this};
  }

  bool idle() const { return running_ == 0; }

 private:
  static Detached run(TaskScope& scope, Task<void> task) {
    {
      Task<void> child = std::move(task);
      co_await std::move(child);
    }
    if (--scope.running_ == 0 && scope.waiter_) std::exchange(scope.waiter_, {}).resume();
  }

  size_t running_ = 0;
  std::coroutine_handle<> waiter_;
};

}  // namespace fl::net
