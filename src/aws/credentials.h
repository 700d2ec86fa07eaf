// What a request is signed with, and where it comes from. Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/task.h"

namespace fl {
class RsaKey;
}

namespace fl::aws {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;        // empty: long-term keys
  std::optional<WallTime> expires;  // absent: never
  // Signs in the secret's place: a machine that ssm knows as access_key_id (mi-...).
  std::shared_ptr<const RsaKey> machine_key = nullptr;
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Credentials that are good now. Errors: denied, saying for each place that was asked why it has none.
  virtual net::Task<Result<Credentials>> get() = 0;
  // The service says that what get() gave has expired or been revoked: the next get() asks again.
  virtual void invalidate() {}
};

// Always the same.
class FixedCredentials final : public CredentialSource {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  net::Task<Result<Credentials>> get() override { co_return credentials_; }

 private:
  Credentials credentials_;
};

}  // namespace fl::aws
