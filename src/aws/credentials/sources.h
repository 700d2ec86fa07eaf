// The places credentials may come from, each a function that asks once. Private to aws; CredentialChain calls them in
// order. Main thread.
//
// Results: credentials; not_found, saying what is not set, so that the next place is tried; any other error when the
// place is set up but does not work, which ends the search: going on would mean acting under another identity.
#pragma once

#include <string>
#include <string_view>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/profiles.h"
#include "http/fetch.h"
#include "net/task.h"

namespace fl::aws::credentials {

// What sources read from and call through. References that outlive the call.
struct Inputs {
  http::Fetcher& fetcher;
  const Environment& environment;
  const Profiles& profiles;
  Caller& caller;  // for STS

  net::StopSource* stop() const { return caller.options().stop; }
};

using Found = net::Task<Result<Credentials>>;

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
Found from_environment(Inputs inputs);
// AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, by STS. The file is read each time: it is replaced as it expires.
Found from_web_identity(Inputs inputs);
// The active profile: a role of another profile or source, a web identity, keys, or a command.
Found from_profile(Inputs inputs);
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: the agent of ECS, EKS or Greengrass.
Found from_container(Inputs inputs);
// The role of the EC2 instance, by IMDSv2, or v1 where v2 is not spoken.
Found from_instance(Inputs inputs);

// ---- parts they share

struct WebIdentity {
  std::string token_file;
  std::string role_arn;
  std::string session_name;  // empty: one is made up
};
Found assume_with_web_identity(Inputs inputs, WebIdentity identity);

// Runs a command of the user's (credential_process) with /bin/sh -c and reads its standard output.
net::Task<Result<std::string>> run_command(std::string command, Duration timeout, net::StopSource* stop);

// {"AccessKeyId": ..., "SecretAccessKey": ..., `token_key`: ..., "Expiration": ...}, as agents and commands answer.
// Never logs or repeats the text: it is secret.
Result<Credentials> parse_credentials(std::string_view text, std::string_view token_key);

// A name for the session of an assumed role when none is set.
std::string default_session_name(WallTime now);

}  // namespace fl::aws::credentials
