// What the build before made, looked up in the order of names: as the new objects come in that order too, a look-up is
// a step forward instead of a search. Main thread; lives for one build.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

namespace fl::proxy {

// Built::name() is what the list is sorted by.
template <class Built>
class InOrder {
 public:
  explicit InOrder(const std::vector<std::shared_ptr<const Built>>& built) : next_(built.begin()), end_(built.end()) {}

  // Null when there was none. To be asked in ascending order of names.
  const std::shared_ptr<const Built>* find(std::string_view name) {
    while (next_ != end_ && (*next_)->name() < name) ++next_;
    return next_ != end_ && (*next_)->name() == name ? &*next_ : nullptr;
  }

 private:
  typename std::vector<std::shared_ptr<const Built>>::const_iterator next_, end_;
};

}  // namespace fl::proxy
