// Keys with an end: for roles of tasks, for external instances, for sts. Nothing is stored: the session token carries
// whom the key stands for, sealed with a secret of this control plane, and the key's own secret follows from it. So
// they outlive restarts and are checked on any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "control/auth/keys.h"

namespace fl::control::auth {

class TemporaryKeys final : public KeySource {
 public:
  // `seal`: at least 32 random bytes that nobody else knows, the same after every restart.
  explicit TemporaryKeys(std::string seal) : seal_(std::move(seal)) {}

  // `arn`: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION. `user_id`: AROA...:SESSION.
  aws::Credentials mint(std::string_view account, std::string_view arn, std::string_view user_id,
                        WallTime expires) const;

  // Also keys that have expired; verify() tells. Nullopt when the token is not of our making or of another key.
  std::optional<AccessKey> find(std::string_view id, std::string_view session_token) const override;

 private:
  std::string secret_of(std::string_view token) const;

  std::string seal_;
};

// The seal kept in `path`; made, readable for us alone, when the file is not there.
Result<std::string> read_or_make_seal(const std::string& path);

}  // namespace fl::control::auth
