// The nonces of digestAuth: text that only this process can have made, with the time it was made, and how often each
// has been used. Any thread. Source: RFC 7616 3.3, 3.4 (nc), 5.4.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/crypto.h"
#include "base/time.h"

namespace fl::proxy::middleware {

class DigestNonces {
 public:
  // Never the same twice.
  std::string make(TimePoint now);

  // Whether the nonce may be used with this count, which it then may not be again.
  bool use(std::string_view nonce, uint64_t count, TimePoint now);

 private:
  static constexpr Duration kLifetime = 1h;
  static constexpr size_t kMost = 4096;  // used ones; beyond that all begin anew

  std::string sign(std::string_view text) const;

  const std::string key_ = random_bytes(32);
  std::atomic<uint64_t> made_{0};
  std::mutex mutex_;
  std::unordered_map<std::string, uint64_t> counts_;  // the last of each nonce
  TimePoint oldest_ = TimePoint::min();               // nonces made up to then are good no more
};

}  // namespace fl::proxy::middleware
