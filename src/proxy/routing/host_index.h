// Host name -> the routers that need it, as positions in priority order. Flat open addressing over one block of
// names: a look-up hashes once, touches one slot and compares one name. Built once, then immutable; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fl::proxy::routing {

class HostIndex {
 public:
  HostIndex() = default;
  // One pair for each host of each router; pairs may come in any order and more than once.
  explicit HostIndex(std::vector<std::pair<std::string_view, uint32_t>> entries);

  // Ascending; empty when no router needs the host.
  std::span<const uint32_t> find(std::string_view host) const;

 private:
  struct Slot {
    uint32_t name_begin = 0;
    uint32_t name_size = 0;
    uint32_t first = 0;  // the router when it is the only one, else the place of the first in routers_
    uint32_t count = 0;  // 0: the slot is free
  };

  std::string_view name_of(const Slot& slot) const { return {names_.data() + slot.name_begin, slot.name_size}; }
  // The slot of `host`, or the free one where it would be.
  size_t slot_of(std::string_view host) const;

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::string names_;
  std::vector<uint32_t> routers_;  // of hosts that have several
};

}  // namespace fl::proxy::routing
