#include "proxy/middleware/token_buckets.h"

#include <algorithm>

namespace fl::proxy::middleware {

TokenBuckets::Turn TokenBuckets::take(std::string_view source, TimePoint now) {
  Shard& shard = shards_[Hash{}(source) % kShards];
  const std::lock_guard lock(shard.mutex);
  auto found = shard.buckets.find(source);
  if (found == shard.buckets.end()) {
    make_room(shard, now);
    found = shard.buckets.emplace(source, Bucket{options_.burst, now}).first;
  }
  Bucket& bucket = found->second;
  // Each worker has a clock of its own, read once a turn: one may be a little behind another.
  if (now > bucket.last) {
    const double seconds = std::chrono::duration<double>(now - bucket.last).count();
    bucket.tokens = std::min(options_.burst, bucket.tokens + seconds * options_.rate);
    bucket.last = now;
  }
  const double left = bucket.tokens - 1;
  const auto wait = left >= 0
                        ? Duration{}
                        : std::chrono::duration_cast<Duration>(std::chrono::duration<double>(-left / options_.rate));
  if (wait > options_.most) return {false, wait};
  bucket.tokens = left;
  return {true, wait};
}

void TokenBuckets::make_room(Shard& shard, TimePoint now) const {
  if (now - shard.swept >= options_.keeps) {
    std::erase_if(shard.buckets, [&](const auto& entry) { return now - entry.second.last >= options_.keeps; });
    shard.swept = now;
  }
  if (shard.buckets.size() >= kMost / kShards) shard.buckets.erase(shard.buckets.begin());
}

}  // namespace fl::proxy::middleware
