// AWS Signature Version 4 over headers, as every service but S3 wants it: normalised path, signed body digest.
// Pure; any thread. The steps are public so that a server can verify by doing the same.
// Source: "Signing AWS API requests", IAM user guide.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace fl::aws {

struct Credentials;

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// The request as it will go onto the wire. Every header given is signed: host must be one of them; hop-by-hop headers
// must not.
struct SigningInput {
  std::string_view method;
  std::string_view path = "/";  // as sent, without the query
  std::string_view query;       // as sent, without '?'
  HeaderList headers;
  std::string_view body;
  std::string_view body_digest = {};  // hex SHA-256 of the body where it is known already; empty: made from it
};

struct SigningScope {
  std::string_view region;
  std::string_view service;
};

// The headers to add: X-Amz-Date, X-Amz-Security-Token when there is a session token, Authorization. `now` is the
// server's time: our clock plus the offset learnt from it.
HeaderList sign(const SigningInput& input, const Credentials& credentials, const SigningScope& scope, WallTime now);

// ---- the steps

// Names of the headers in the order they are signed: "host;x-amz-date".
std::string signed_header_names(const HeaderList& headers);
std::string canonical_request(const SigningInput& input);
std::string string_to_sign(std::string_view canonical_request, const SigningScope& scope, WallTime now);
// 32 bytes, good for one day, region and service.
std::string signing_key(std::string_view secret_access_key, const SigningScope& scope, WallTime now);
// Lower-case hex.
std::string signature(std::string_view signing_key, std::string_view string_to_sign);

// Percent-encodes all but the unreserved characters of RFC 3986, and '/' when asked to keep it.
std::string uri_encode(std::string_view text, bool keep_slash = false);

}  // namespace fl::aws
