// Bounded concurrency for coroutines of one loop.
#pragma once

#include <algorithm>

#include "net/task.h"

namespace fl::providers {

namespace detail {
template <class F>
net::Task<void> take_turns(size_t& next, size_t count, F& f) {
  while (next < count) {
    const size_t i = next++;
    co_await f(i);
  }
}
}  // namespace detail

// Awaits f(0) ... f(count - 1), each a Task<void>, at most `limit` at a time. `f` outlives the call.
template <class F>
net::Task<void> in_parallel(size_t limit, size_t count, F& f) {
  net::TaskScope scope;
  size_t next = 0;
  for (size_t i = 0; i < std::min(limit, count); ++i) scope.spawn(detail::take_turns(next, count, f));
  co_await scope.join();
}

}  // namespace fl::providers
