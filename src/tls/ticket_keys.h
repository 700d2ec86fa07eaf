// The keys of session tickets, which rotate: tickets are sealed with the newest and opened with any that is still kept.
// One object for all contexts and workers. rotate() is main's; key look-ups are any thread's, once a handshake.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace fl::tls {

class TicketKeys {
 public:
  static constexpr Duration kRotation = 12h;
  static constexpr size_t kKept = 3;  // so that a ticket is good for 24 hours at least
  static constexpr Duration kTicketLifetime = kRotation * (kKept - 1);
  static constexpr size_t kMinSecretBytes = 32;

  struct Key {
    std::array<uint8_t, 16> name;
    std::array<uint8_t, 32> cipher;  // AES-256-CBC
    std::array<uint8_t, 32> mac;     // HMAC-SHA256
  };
  using Set = std::vector<Key>;  // the one that seals first

  // Random keys, known to this process alone.
  explicit TicketKeys(WallTime now);
  // Keys that follow from the secret and the time, so that all who share the secret take each other's tickets. One key
  // ahead is accepted too, for clocks that differ. Errors: the secret is too short.
  static Result<std::shared_ptr<TicketKeys>> shared(std::string_view secret, WallTime now);
  // Another secret from now on; what was sealed under the one before is not opened any more.
  Result<> set_secret(std::string_view secret, WallTime now);

  // Makes the key of the time it is, once a period; does nothing in between.
  void rotate(WallTime now);

  std::shared_ptr<const Set> current() const { return set_.load(std::memory_order_acquire); }

 private:
  TicketKeys() = default;
  Set derive(int64_t period) const;

  std::string secret_;  // empty: random keys
  int64_t period_ = -1;
  std::atomic<std::shared_ptr<const Set>> set_;
};

}  // namespace fl::tls
