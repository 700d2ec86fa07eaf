#include "control/auth/signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "aws/iso8601.h"
#include "aws/sigv4.h"
#include "base/crypto.h"
#include "base/rsa_key.h"
#include "base/strings.h"

namespace fl::control::auth {
namespace {

using Kind = AuthError::Kind;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr Duration kSkew = 5min;
constexpr Duration kLongestPresigned = 7 * 24h;

tl::unexpected<AuthError> refuse(Kind kind, std::string message) {
  return tl::make_unexpected(AuthError{kind, std::move(message)});
}

// Last of all checks, and for every wrong signature the same.
tl::unexpected<AuthError> mismatch() {
  return refuse(Kind::mismatch,
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details.");
}

std::string_view header(const ReceivedRequest& request, std::string_view name) {
  const std::string_view* value = request.headers->find(name);
  return value == nullptr ? std::string_view() : *value;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex_value(text[i + 1]) : -1, low = escape ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::string parameter(std::string_view query, std::string_view name) {
  for (const std::string_view part : split(query, '&'))
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return percent_decode(part.substr(name.size() + 1));
  return {};
}

// "AKID/20150830/us-east-1/ecs/aws4_request".
tl::expected<void, AuthError> read_scope(std::string_view credential, Claim& claim) {
  const auto parts = split(credential, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request" || std::ranges::any_of(parts, &std::string_view::empty))
    return refuse(Kind::incomplete,
                  "Credential must have exactly 5 slash-delimited elements, e.g. "
                  "keyid/date/region/service/term");
  claim.access_key_id = parts[0];
  claim.date = parts[1];
  claim.region = parts[2];
  claim.service = parts[3];
  return {};
}

tl::expected<Claim, AuthError> read_header(const ReceivedRequest& request, std::string_view authorization) {
  const size_t blank = authorization.find(' ');
  if (authorization.substr(0, blank) != kAlgorithm)
    return refuse(Kind::incomplete, "Authorization header requires the algorithm AWS4-HMAC-SHA256.");
  std::string_view credential;
  Claim claim;
  http::for_each_item(authorization.substr(std::min(blank, authorization.size())), [&](std::string_view item) {
    const size_t equals = item.find('=');
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = equals == item.npos ? std::string_view() : item.substr(equals + 1);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") claim.signed_headers = value;
    if (name == "Signature") claim.signature = value;
  });
  claim.time = header(request, "x-amz-date");
  claim.session_token = header(request, "x-amz-security-token");
  std::string missing;
  for (const auto& [name, value] :
       {std::pair("Credential", credential), std::pair("Signature", std::string_view(claim.signature)),
        std::pair("SignedHeaders", std::string_view(claim.signed_headers))})
    if (value.empty()) missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  if (claim.time.empty())
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!missing.empty()) return refuse(Kind::incomplete, std::string(trim(missing)));
  FL_TRY_VOID(read_scope(credential, claim));
  return claim;
}

tl::expected<Claim, AuthError> read_query(const ReceivedRequest& request) {
  Claim claim;
  claim.signature = parameter(request.query, "X-Amz-Signature");
  claim.signed_headers = parameter(request.query, "X-Amz-SignedHeaders");
  claim.time = parameter(request.query, "X-Amz-Date");
  claim.session_token = parameter(request.query, "X-Amz-Security-Token");
  const std::string expires = parameter(request.query, "X-Amz-Expires");
  const std::string credential = parameter(request.query, "X-Amz-Credential");
  if (parameter(request.query, "X-Amz-Algorithm") != kAlgorithm || claim.signature.empty() ||
      claim.signed_headers.empty() || claim.time.empty() || credential.empty())
    return refuse(Kind::incomplete,
                  "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', "
                  "'X-Amz-SignedHeaders' and 'X-Amz-Date'.");
  const auto seconds = expires.empty() ? std::optional<uint64_t>(900) : parse_uint(expires);
  if (!seconds ||
      *seconds > static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(kLongestPresigned).count()))
    return refuse(Kind::incomplete, "X-Amz-Expires must be less than a week (in seconds).");
  claim.valid_for = std::chrono::seconds(*seconds);
  FL_TRY_VOID(read_scope(credential, claim));
  return claim;
}

tl::expected<void, AuthError> check_service(const Claim& claim, std::string_view service) {
  if (claim.service == service) return {};
  return refuse(Kind::mismatch, fmt::format("Credential should be scoped to correct service: '{}'. ", service));
}

tl::expected<WallTime, AuthError> check_time(const Claim& claim, WallTime now) {
  const auto time = aws::parse_iso8601_basic(claim.time);
  if (!time)
    return refuse(Kind::incomplete, fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                                                "http://en.wikipedia.org/wiki/ISO_8601",
                                                claim.time));
  if (!claim.time.starts_with(claim.date))
    return refuse(Kind::mismatch,
                  fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
                              "HTTP: '{}' != '{}', from '{}'.",
                              claim.date, claim.time.substr(0, 8), claim.time));
  const Duration life = claim.valid_for ? *claim.valid_for : kSkew;
  if (*time + life < now)
    return refuse(Kind::mismatch, fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)", claim.time,
                                              format_iso8601_basic(now - life), format_iso8601_basic(now),
                                              std::chrono::duration_cast<std::chrono::minutes>(life).count()));
  if (*time - kSkew > now)
    return refuse(Kind::mismatch,
                  fmt::format("Signature not yet current: {} is still later than {} ({} + 5 min.)", claim.time,
                              format_iso8601_basic(now + kSkew), format_iso8601_basic(now)));
  return *time;
}

// The query as it was signed: without the signature itself.
std::string without_signature(std::string_view query) {
  std::vector<std::string> kept;
  for (const std::string_view part : split(query, '&'))
    if (!part.starts_with("X-Amz-Signature=")) kept.emplace_back(part);
  return join(kept, "&");
}

// What the signature is of. `time`: the claim's.
tl::expected<std::string, AuthError> signed_text(const ReceivedRequest& request, const Claim& claim, WallTime time) {
  const auto names = split(claim.signed_headers, ';');
  if (std::ranges::find(names, "host") == names.end())
    return refuse(Kind::mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  aws::SigningInput input{.method = request.method, .path = request.path, .query = request.query, .body = request.body};
  for (const http::Field& field : *request.headers)
    if (std::ranges::find(names, to_lower(field.name)) != names.end())
      input.headers.emplace_back(field.name, field.value);
  const std::string query = claim.valid_for ? without_signature(request.query) : "";
  if (claim.valid_for) input.query = query;
  // A service that speaks JSON or Query always looks at the whole body: what the client says of it must be true.
  const std::string digest = hex(sha256(request.body));
  const std::string_view said = header(request, "x-amz-content-sha256");
  if (!said.empty() && said != digest)
    return refuse(Kind::mismatch, "The provided 'x-amz-content-sha256' header does not match what was computed.");
  input.body_digest = digest;
  return aws::string_to_sign(aws::canonical_request(input), {claim.region, claim.service}, time);
}

}  // namespace

tl::expected<Claim, AuthError> read_claim(const ReceivedRequest& request) {
  if (const std::string_view authorization = header(request, "authorization"); !authorization.empty())
    return read_header(request, authorization);
  if (request.query.find("X-Amz-Signature=") != request.query.npos) return read_query(request);
  return refuse(Kind::missing, "Missing Authentication Token");
}

tl::expected<AccessKey, AuthError> verify(const ReceivedRequest& request, const Claim& claim, std::string_view service,
                                          const KeySource& keys, WallTime now) {
  FL_TRY(const WallTime time, check_time(claim, now));
  FL_TRY_VOID(check_service(claim, service));

  std::optional<AccessKey> key = keys.find(claim.access_key_id, claim.session_token);
  if (!key || !constant_time_equal(key->session_token, claim.session_token))
    return refuse(Kind::unknown_key, "The security token included in the request is invalid.");

  FL_TRY(const std::string text, signed_text(request, claim, time));
  const aws::SigningScope scope{claim.region, claim.service};
  const std::string wanted = aws::signature(aws::signing_key(key->secret, scope, time), text);
  if (!constant_time_equal(wanted, claim.signature)) return mismatch();
  // Told only to who holds the key.
  if (key->expires && *key->expires <= now)
    return refuse(Kind::expired_token, "The security token included in the request is expired");
  return *std::move(key);
}

tl::expected<void, AuthError> verify_machine(const ReceivedRequest& request, const Claim& claim,
                                             std::string_view service, std::string_view public_key, WallTime now) {
  FL_TRY(const WallTime time, check_time(claim, now));
  FL_TRY_VOID(check_service(claim, service));
  FL_TRY(const std::string text, signed_text(request, claim, time));
  if (!verify_rsa(public_key, text, claim.signature)) return mismatch();
  return {};
}

}  // namespace fl::control::auth
