// This machine as ssm knows it (ECS Anywhere): mi-..., given for an activation and kept in DATA/machine.json with the
// key that proves it; and the keys of the activation's role that the machine gets for itself, hour by hour. As
// amazon-ssm-agent does it. Agent thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "base/result.h"
#include "base/rsa_key.h"
#include "net/task.h"

namespace fl::agent::session {

struct Machine {
  std::string id;  // mi-17 hex digits; empty: not registered yet
  std::string fingerprint;
  std::shared_ptr<const RsaKey> key;
};

// Absent when there is none. Errors: a file that cannot be read or understood, with its name.
Result<std::optional<Machine>> load_machine(const std::string& path);

// Registers a machine with ssm and keeps it in `path`. `begun`: one that was kept before its answer came. The key is on
// disk before it is sent, so that a lost answer costs the activation nothing at a control plane that knows the key
// again. Waits for a control plane that does not answer. Errors: what is wrong with the activation; canceled when the
// caller's stop is requested.
net::Task<Result<Machine>> register_machine(aws::Caller& caller, std::optional<Machine> begun,
                                            std::string activation_id, std::string activation_code, std::string path);

// Keys of the machine's role: asked for anew when half of their time has passed. While that fails those that are still
// good go on being used.
class MachineCredentials final : public aws::CredentialSource {
 public:
  // `caller` outlives it.
  MachineCredentials(aws::Caller& caller, Machine machine, const Clock& clock);

  net::Task<Result<aws::Credentials>> get() override;
  void invalidate() override { known_.reset(); }

 private:
  net::Task<Result<aws::Credentials>> ask();

  aws::Caller& caller_;
  const Machine machine_;
  const Clock& clock_;
  aws::FixedCredentials proof_;
  std::optional<aws::Credentials> known_;
  WallTime renew_at_{};
};

}  // namespace fl::agent::session
