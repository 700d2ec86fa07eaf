#include "aws/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aws/credentials.h"
#include "base/crypto.h"
#include "base/rsa_key.h"
#include "base/strings.h"

namespace fl::aws {
namespace {

std::string mac(std::string_view key, std::string_view text) {
  const auto bytes = hmac_sha256(key, text);
  return {bytes.begin(), bytes.end()};
}

std::string digest(std::string_view text) { return hex(sha256(text)); }

std::string date_of(WallTime now) { return format_iso8601_basic(now).substr(0, 8); }

std::string scope_text(const SigningScope& scope, WallTime now) {
  return fmt::format("{}/{}/{}/aws4_request", date_of(now), scope.region, scope.service);
}

// Ends trimmed, runs of blanks inside become one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value, " \t\r\n"))
    if (c != ' ' || !out.ends_with(' ')) out += c;
  return out;
}

// Lower-case name -> values joined by commas, in the order they came.
std::map<std::string, std::string> canonical_headers(const HeaderList& headers) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : headers) {
    const auto [entry, is_new] = out.try_emplace(to_lower(name));
    if (!is_new) entry->second += ',';
    entry->second += canonical_value(value);
  }
  return out;
}

// RFC 3986 5.2.4 without empty segments, then encoded once more.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> segments;
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..")
      segments.push_back(segment);
    else if (!segments.empty())
      segments.pop_back();
  }
  std::string out;
  for (const std::string_view segment : segments) out += "/" + uri_encode(segment);
  if (segments.empty() || path.ends_with('/')) out += '/';
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (text[i] != '%' || high < 0 || low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::string> parameters;
  for (const std::string_view parameter : split(query, '&')) {
    if (parameter.empty()) continue;
    const size_t equals = parameter.find('=');
    const auto recode = [](std::string_view text) { return uri_encode(percent_decode(text)); };
    parameters.push_back(recode(parameter.substr(0, equals)) + "=" +
                         (equals == parameter.npos ? "" : recode(parameter.substr(equals + 1))));
  }
  // By name, then value; '=' sorts a name before all that begin with it as the names alone would.
  std::ranges::sort(parameters, {}, [](const std::string& p) {
    const size_t equals = p.find('=');
    return std::pair(p.substr(0, equals), p.substr(equals));
  });
  return join(parameters, "&");
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || (keep_slash && c == '/'))
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string signed_header_names(const HeaderList& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : canonical_headers(headers)) names.push_back(name);
  return join(names, ";");
}

std::string canonical_request(const SigningInput& input) {
  std::string headers;
  for (const auto& [name, value] : canonical_headers(input.headers)) headers += name + ":" + value + "\n";
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", input.method, canonical_path(input.path), canonical_query(input.query),
                     headers, signed_header_names(input.headers),
                     input.body_digest.empty() ? digest(input.body) : std::string(input.body_digest));
}

std::string string_to_sign(std::string_view request, const SigningScope& scope, WallTime now) {
  return fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", format_iso8601_basic(now), scope_text(scope, now),
                     digest(request));
}

std::string signing_key(std::string_view secret_access_key, const SigningScope& scope, WallTime now) {
  const std::string date_key = mac(fmt::format("AWS4{}", secret_access_key), date_of(now));
  return mac(mac(mac(date_key, scope.region), scope.service), "aws4_request");
}

std::string signature(std::string_view key, std::string_view text) { return hex(hmac_sha256(key, text)); }

HeaderList sign(const SigningInput& input, const Credentials& credentials, const SigningScope& scope, WallTime now) {
  HeaderList added{{"X-Amz-Date", format_iso8601_basic(now)}};
  if (!credentials.session_token.empty()) added.emplace_back("X-Amz-Security-Token", credentials.session_token);
  SigningInput whole = input;
  whole.headers.insert(whole.headers.end(), added.begin(), added.end());
  const std::string text = string_to_sign(canonical_request(whole), scope, now);
  // As amazon-ssm-agent signs: the same text under the same algorithm's name, whatever the key.
  const std::string signed_text = credentials.machine_key != nullptr
                                      ? credentials.machine_key->sign(text)
                                      : signature(signing_key(credentials.secret_access_key, scope, now), text);
  added.emplace_back("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                                  credentials.access_key_id, scope_text(scope, now),
                                                  signed_header_names(whole.headers), signed_text));
  return added;
}

}  // namespace fl::aws
