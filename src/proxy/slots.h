// Small numbers for things that workers keep state about (upstreams, balancers), so that a look-up on the request path
// is an array index. A number lives as long as the snapshots that use it, is then retired at every worker, and only
// after that given out again. Any thread; nothing here is on the request path.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace fl::proxy {

class SlotTable {
 public:
  // `on_retired(n)` is called, on any thread, when the last owner of a slot is gone; it sees to it that every worker
  // drops its state for `n` and then calls recycle(n).
  explicit SlotTable(std::function<void(uint32_t)> on_retired) : on_retired_(std::move(on_retired)) {}

  uint32_t take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) return next_++;
    const uint32_t n = free_.back();
    free_.pop_back();
    return n;
  }
  void retire(uint32_t n) { on_retired_(n); }
  void recycle(uint32_t n) {
    std::lock_guard lock(mutex_);
    free_.push_back(n);
  }

 private:
  std::function<void(uint32_t)> on_retired_;
  std::mutex mutex_;
  uint32_t next_ = 0;
  std::vector<uint32_t> free_;
};

// Ownership of one number.
class Slot {
 public:
  Slot() = default;
  explicit Slot(std::shared_ptr<SlotTable> table) : table_(std::move(table)), number_(table_->take()) {}
  Slot(Slot&& other) noexcept : table_(std::move(other.table_)), number_(other.number_) {}
  Slot& operator=(Slot&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(number_, other.number_);
    return *this;
  }
  ~Slot() {
    if (table_ != nullptr) table_->retire(number_);
  }
  uint32_t number() const { return number_; }

 private:
  std::shared_ptr<SlotTable> table_;
  uint32_t number_ = 0;
};

}  // namespace fl::proxy
