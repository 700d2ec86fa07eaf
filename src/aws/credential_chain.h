// AWS's default search for credentials, and a cache of what it found that is renewed before it expires. Main thread;
// lives as long as the client.
//
//   given keys -> environment -> web identity -> profile -> container agent -> EC2 instance
//
// The first place that is set up decides. Concurrent callers share one search. Source: "Credential provider chain",
// AWS SDKs reference guide.
#pragma once

#include <coroutine>
#include <optional>
#include <string>
#include <vector>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/profiles.h"
#include "http/fetch.h"
#include "net/task.h"

namespace fl::aws {

struct GivenKeys {  // used only when both are set
  std::string access_key_id;
  std::string secret_access_key;
};

class CredentialChain final : public CredentialSource {
 public:
  // References outlive the chain; `caller` is for STS.
  CredentialChain(http::Fetcher& fetcher, const Environment& environment, const Profiles& profiles, Caller& caller,
                  GivenKeys given);

  // Renewed when a third of the time they were given for is left, five minutes at most; while that fails, those that
  // are still good go on being used.
  net::Task<Result<Credentials>> get() override;
  void invalidate() override { known_.reset(); }

 private:
  net::Task<Result<Credentials>> search();
  WallTime now() const;

  http::Fetcher& fetcher_;
  const Environment& environment_;
  const Profiles& profiles_;
  Caller& caller_;
  const GivenKeys given_;

  std::optional<Credentials> known_;
  WallTime renew_at_{};
  bool is_searching_ = false;
  std::vector<std::coroutine_handle<>> waiting_;
};

}  // namespace fl::aws
