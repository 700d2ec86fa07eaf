// Token buckets by source, for all workers; any thread. Memory is bounded: buckets that are full again are forgotten,
// and of too many some other.
#pragma once

#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace fl::proxy::middleware {

class TokenBuckets {
 public:
  struct Options {
    double rate;     // tokens a second, > 0
    double burst;    // what a bucket holds, >= 1
    Duration most;   // that a token may be waited for
    Duration keeps;  // how long an unused bucket is kept at least
  };
  explicit TokenBuckets(const Options& options) : options_(options) {}

  struct Turn {
    bool may_pass;
    Duration wait;  // until the token is there; when it may not pass, no token was taken
  };
  Turn take(std::string_view source, TimePoint now);

  static constexpr size_t kMost = 65536;  // sources

 private:
  struct Bucket {
    double tokens;
    TimePoint last;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Bucket, Hash, std::equal_to<>> buckets;
    TimePoint swept{};
  };
  static constexpr size_t kShards = 16;

  void make_room(Shard& shard, TimePoint now) const;

  const Options options_;
  std::array<Shard, kShards> shards_;
};

}  // namespace fl::proxy::middleware
