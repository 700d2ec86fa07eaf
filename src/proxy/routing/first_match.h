// The walk that router tables share: several lists of routers, each in the order of priority, as one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace fl::proxy::routing {

// What stands behind the first label, with its dot: the key of the wildcards a name falls under.
inline std::string_view parent_domain(std::string_view host) {
  const size_t dot = host.find('.');
  return dot == host.npos ? std::string_view{} : host.substr(dot);
}

// Up to N ascending lists of positions.
template <size_t N>
class CandidateLists {
 public:
  void add(std::span<const uint32_t> list) {
    if (!list.empty()) lists_[count_++] = list;
  }

  // The lowest position of all for which `matches(position)` holds, or -1. Uses the lists up.
  template <class Matches>
  int64_t first(Matches matches) {
    while (count_ > 0) {
      size_t best = 0;
      for (size_t i = 1; i < count_; ++i)
        if (lists_[i].front() < lists_[best].front()) best = i;
      const uint32_t position = lists_[best].front();
      if (matches(position)) return position;
      lists_[best] = lists_[best].subspan(1);
      if (lists_[best].empty()) lists_[best] = lists_[--count_];
    }
    return -1;
  }

 private:
  std::array<std::span<const uint32_t>, N> lists_;
  size_t count_ = 0;
};

}  // namespace fl::proxy::routing
