// Exchanges of one kind on one worker, kept for reuse with the memory they have grown. Worker thread.
#pragma once

#include <cstddef>
#include <vector>

#include "base/check.h"

namespace fl::http {

template <class E>
class ExchangePool {
 public:
  ExchangePool() = default;
  ExchangePool(const ExchangePool&) = delete;
  ExchangePool& operator=(const ExchangePool&) = delete;
  ~ExchangePool() {
    FL_CHECK(active_ == 0);
    for (E* exchange : idle_) delete exchange;
  }

  E* lease() {
    ++active_;
    if (idle_.empty()) return new E;
    E* exchange = idle_.back();
    idle_.pop_back();
    return exchange;
  }
  // It has ended: nothing of its request is left in it.
  void give_back(E* exchange) {
    --active_;
    if (idle_.size() < kKept)
      idle_.push_back(exchange);
    else
      delete exchange;
  }
  size_t active() const { return active_; }

 private:
  static constexpr size_t kKept = 1024;

  size_t active_ = 0;
  std::vector<E*> idle_;
};

}  // namespace fl::http
