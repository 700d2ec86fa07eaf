#include "proxy/routing/host_index.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace fl::proxy::routing {

HostIndex::HostIndex(std::vector<std::pair<std::string_view, uint32_t>> entries) {
  if (entries.empty()) return;
  std::ranges::sort(entries);
  const auto repeated = std::ranges::unique(entries);
  entries.erase(repeated.begin(), repeated.end());
  slots_.resize(std::bit_ceil(entries.size() * 2));
  for (size_t i = 0, end = 0; i < entries.size(); i = end) {
    const std::string_view host = entries[i].first;
    while (end < entries.size() && entries[end].first == host) ++end;
    Slot& slot = slots_[slot_of(host)];
    slot = {.name_begin = static_cast<uint32_t>(names_.size()),
            .name_size = static_cast<uint32_t>(host.size()),
            .first = entries[i].second,
            .count = static_cast<uint32_t>(end - i)};
    names_ += host;
    if (slot.count == 1) continue;
    slot.first = static_cast<uint32_t>(routers_.size());
    for (size_t k = i; k < end; ++k) routers_.push_back(entries[k].second);
  }
}

std::span<const uint32_t> HostIndex::find(std::string_view host) const {
  if (slots_.empty()) return {};
  const Slot& slot = slots_[slot_of(host)];
  return slot.count == 1 ? std::span(&slot.first, 1) : std::span(routers_).subspan(slot.first, slot.count);
}

size_t HostIndex::slot_of(std::string_view host) const {
  const size_t mask = slots_.size() - 1;
  size_t at = std::hash<std::string_view>{}(host)&mask;
  while (slots_[at].count != 0 && name_of(slots_[at]) != host) at = (at + 1) & mask;
  return at;
}

}  // namespace fl::proxy::routing
