// Access keys and whom they stand for: what a signature is checked against. Immutable once read; any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fl::control::auth {

struct AccessKey {
  std::string id;  // AKIA..., ASIA... when it is temporary
  std::string secret;
  std::string session_token;        // empty: a long-term key
  std::optional<WallTime> expires;  // absent: never
  std::string account;              // 12 digits
  std::string arn;                  // arn:aws:iam::ACCOUNT:user/NAME, :root, or arn:aws:sts::ACCOUNT:assumed-role/...
  std::string user_id;              // sts's UserId
};

class KeySource {
 public:
  virtual ~KeySource() = default;
  // The key of that id. `session_token`: as the request has it; of temporary keys it may carry what the key is.
  virtual std::optional<AccessKey> find(std::string_view id, std::string_view session_token) const = 0;
};

// Keys by id, as a file holds them:
//
//   keys:
//     - access-key-id: AKIAIOSFODNN7EXAMPLE
//       secret-access-key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
//       account-id: "111122223333"   # default: the server's
//       user: alice                  # default: the account's root
class KeyFile final : public KeySource {
 public:
  // Errors list every mistake with its line; no message holds a secret.
  static Result<KeyFile> read(const std::string& path, std::string_view default_account);

  std::optional<AccessKey> find(std::string_view id, std::string_view session_token) const override;
  size_t size() const { return keys_.size(); }

 private:
  std::map<std::string, AccessKey, std::less<>> keys_;
};

bool is_account_id(std::string_view text);  // 12 digits

}  // namespace fl::control::auth
