// The door: what a request's signature makes of its sender. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "control/auth/signature.h"
#include "control/auth/temporary_keys.h"

namespace fl::control::auth {

struct Identity {
  AccessKey key;       // its secret and session token left out
  std::string region;  // what the request is about
};

class Authenticator {
 public:
  // Takes every signature, and requests without one (--auth=any, on loopback only). Whoever signs with a key of
  // `temporary` is who that key says, all others are the root of `account`.
  static Authenticator any(std::string account, std::string region, std::shared_ptr<const TemporaryKeys> temporary);
  // Takes what is signed with one of the keys.
  static Authenticator with_keys(KeyFile keys, std::shared_ptr<const TemporaryKeys> temporary);

  tl::expected<Identity, AuthError> authenticate(const ReceivedRequest& request, std::string_view service,
                                                 WallTime now) const;

 private:
  class Keys;
  Authenticator() = default;

  std::string account_, region_;      // any
  std::shared_ptr<const Keys> keys_;  // keys; null: any
  std::shared_ptr<const TemporaryKeys> temporary_;
};

}  // namespace fl::control::auth
