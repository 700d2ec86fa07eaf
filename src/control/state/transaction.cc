#include "control/state/transaction.h"

namespace fl::control::state {

std::vector<Change> Transaction::changes() const {
  std::vector<Change> out;
  out.reserve(writes_.size());
  for (const auto& [key, write] : writes_)
    out.push_back({.kind = key.first, .key = key.second, .erased = write.record == nullptr, .cluster = write.cluster});
  return out;
}

void Transaction::append_part(std::string& out, std::string_view part) {
  out += part;
  out += '/';
}

void Transaction::append_part(std::string& out, int64_t part) { append_part(out, std::to_string(part)); }

}  // namespace fl::control::state
