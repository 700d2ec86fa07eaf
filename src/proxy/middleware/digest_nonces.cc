#include "proxy/middleware/digest_nonces.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace fl::proxy::middleware {

std::string DigestNonces::sign(std::string_view text) const { return hex(hmac_sha256(key_, text)).substr(0, 32); }

std::string DigestNonces::make(TimePoint now) {
  // A loop's time stands still for a turn: the number tells nonces of one turn apart.
  const std::string text =
      fmt::format("{}.{}", now.time_since_epoch().count(), made_.fetch_add(1, std::memory_order_relaxed));
  return text + '-' + sign(text);
}

bool DigestNonces::use(std::string_view nonce, uint64_t count, TimePoint now) {
  const size_t dash = nonce.find('-');
  if (dash == nonce.npos || !constant_time_equal(nonce.substr(dash + 1), sign(nonce.substr(0, dash)))) return false;
  const auto number = parse_int(nonce.substr(0, nonce.find('.')));
  if (!number) return false;
  const TimePoint made{Duration(*number)};
  const std::lock_guard lock(mutex_);
  if (made <= oldest_ || now - made > kLifetime) return false;
  if (counts_.size() >= kMost && !counts_.contains(std::string(nonce))) {
    counts_.clear();
    oldest_ = now;
    return false;
  }
  uint64_t& last = counts_[std::string(nonce)];
  if (count <= last) return false;
  last = count;
  return true;
}

}  // namespace fl::proxy::middleware
