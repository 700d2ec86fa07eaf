// Who signed a request: AWS Signature Version 4, in the Authorization header or in the query (presigned). Pure; any
// thread. Source: "Signing AWS API requests", IAM user guide; the texts are AWS's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/time.h"
#include "control/auth/keys.h"
#include "http/header_map.h"

namespace fl::control::auth {

// The request as it came.
struct ReceivedRequest {
  std::string_view method;
  std::string_view path;   // without the query
  std::string_view query;  // without '?'
  const http::HeaderMap* headers = nullptr;
  std::string_view body;
};

// What a signature claims.
struct Claim {
  std::string access_key_id;
  std::string date;  // of the scope: 20261121
  std::string region;
  std::string service;
  std::string signed_headers;         // "host;x-amz-date"
  std::string signature;              // 64 hex digits
  std::string time;                   // 20261121T074400Z
  std::string session_token;          // empty when there is none
  std::optional<Duration> valid_for;  // presigned: X-Amz-Expires
};

struct AuthError {
  enum class Kind : uint8_t {
    missing,        // there is no signature
    incomplete,     // there is one, but not all of it
    unknown_key,    // nobody has this key, or its session token is another
    expired_token,  // a temporary key after its time
    mismatch,       // the signature, its time or its scope is wrong
  };
  Kind kind;
  std::string message;
};

// Reads without checking. The claim tells service and region of a request even where nothing is checked.
tl::expected<Claim, AuthError> read_claim(const ReceivedRequest& request);

// The key that made the claim's signature. `service` is what the request is for. The clocks may differ by 5 minutes.
tl::expected<AccessKey, AuthError> verify(const ReceivedRequest& request, const Claim& claim, std::string_view service,
                                          const KeySource& keys, WallTime now);

// The same for a machine that registered with ssm: its claim names it (mi-...) and was signed with the RSA key of which
// `public_key` is the other half, as amazon-ssm-agent signs.
tl::expected<void, AuthError> verify_machine(const ReceivedRequest& request, const Claim& claim,
                                             std::string_view service, std::string_view public_key, WallTime now);

}  // namespace fl::control::auth
