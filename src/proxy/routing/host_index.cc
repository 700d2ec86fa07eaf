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
  routers_.reserve(entries.size());
  for (const auto& [host, router] : entries) {
    Slot& slot = slots_[slot_of(host)];
    if (slot.count++ == 0) {
      slot.name_begin = static_cast<uint32_t>(names_.size());
      slot.name_size = static_cast<uint32_t>(host.size());
      slot.first = static_cast<uint32_t>(routers_.size());
      names_ += host;
    }
    routers_.push_back(router);  // equal hosts stand together, so their routers do
  }
}

std::span<const uint32_t> HostIndex::find(std::string_view host) const {
  if (slots_.empty()) return {};
  const Slot& slot = slots_[slot_of(host)];
  return {routers_.data() + slot.first, slot.count};
}

size_t HostIndex::slot_of(std::string_view host) const {
  const size_t mask = slots_.size() - 1;
  size_t at = std::hash<std::string_view>{}(host)&mask;
  while (slots_[at].count != 0 && name_of(slots_[at]) != host) at = (at + 1) & mask;
  return at;
}

}  // namespace fl::proxy::routing
