// http.middlewares: one struct a kind, and Middleware, which has one optional for each. Plain data; defaults are the
// initialisers; a default that Traefik applies only when the middleware is built is named in a comment.
// Source: Traefik, HTTP middlewares.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "config/encoded_characters.h"
#include "config/fields.h"

namespace fl::config::dynamic {

struct AddPrefix {
  std::string prefix;
  bool operator==(const AddPrefix&) const = default;
};

struct StripPrefix {
  std::vector<std::string> prefixes;
  std::optional<bool> force_slash;  // deprecated
  bool operator==(const StripPrefix&) const = default;
};

struct StripPrefixRegex {
  std::vector<std::string> regex;
  bool operator==(const StripPrefixRegex&) const = default;
};

struct ReplacePath {
  std::string path;
  bool operator==(const ReplacePath&) const = default;
};

struct ReplacePathRegex {
  std::string regex;
  std::string replacement;
  bool operator==(const ReplacePathRegex&) const = default;
};

struct Chain {
  std::vector<std::string> middlewares;
  bool operator==(const Chain&) const = default;
};

struct IpStrategy {
  int64_t depth = 0;
  std::vector<std::string> excluded_ips;
  std::optional<int64_t> ipv6_subnet;
  bool operator==(const IpStrategy&) const = default;
};

struct IpAllowList {
  std::vector<std::string> source_range;
  std::optional<IpStrategy> ip_strategy;
  int64_t reject_status_code = 0;  // 0: 403
  bool operator==(const IpAllowList&) const = default;
};

// Deprecated spelling of IpAllowList.
struct IpWhiteList {
  std::vector<std::string> source_range;
  std::optional<IpStrategy> ip_strategy;
  bool operator==(const IpWhiteList&) const = default;
};

struct Headers {
  Map<std::string> custom_request_headers;
  Map<std::string> custom_response_headers;
  bool access_control_allow_credentials = false;
  std::vector<std::string> access_control_allow_headers;
  std::vector<std::string> access_control_allow_methods;
  std::vector<std::string> access_control_allow_origin_list;
  std::vector<std::string> access_control_allow_origin_list_regex;
  std::vector<std::string> access_control_expose_headers;
  int64_t access_control_max_age = 0;  // seconds
  bool add_vary_header = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> hosts_proxy_headers;
  Map<std::string> ssl_proxy_headers;
  std::optional<int64_t> sts_seconds;  // 0 says something, if only that the middleware is meant
  bool sts_include_subdomains = false;
  bool sts_preload = false;
  bool force_sts_header = false;
  bool frame_deny = false;
  std::string custom_frame_options_value;
  bool content_type_nosniff = false;
  bool browser_xss_filter = false;
  std::string custom_browser_xss_value;
  std::string content_security_policy;
  std::string content_security_policy_report_only;
  std::string public_key;
  std::string referrer_policy;
  std::string permissions_policy;
  bool is_development = false;
  std::optional<std::string> feature_policy;   // deprecated
  std::optional<bool> ssl_redirect;            // deprecated
  std::optional<bool> ssl_temporary_redirect;  // deprecated
  std::optional<std::string> ssl_host;         // deprecated
  std::optional<bool> ssl_force_host;          // deprecated
  bool operator==(const Headers&) const = default;
};

struct Errors {
  std::vector<std::string> status;  // codes and ranges: 500, 400-404
  Map<int64_t> status_rewrites;
  std::string service;
  std::string query;
  std::optional<std::vector<std::string>> error_request_headers;  // unset: all are copied
  bool operator==(const Errors&) const = default;
};

struct SourceCriterion {
  std::optional<IpStrategy> ip_strategy;
  std::string request_header_name;
  bool request_host = false;
  bool operator==(const SourceCriterion&) const = default;
};

struct ClientTls {
  std::string ca;
  std::string cert;
  std::string key;
  bool insecure_skip_verify = false;
  std::optional<bool> ca_optional;  // deprecated
  bool operator==(const ClientTls&) const = default;
};

struct Redis {
  std::vector<std::string> endpoints{"localhost:6379"};
  std::optional<ClientTls> tls;
  std::string username;
  std::string password;
  int64_t db = 0;
  int64_t pool_size = 0;
  int64_t min_idle_conns = 0;
  int64_t max_active_conns = 0;
  Duration read_timeout = 3s;
  Duration write_timeout = 3s;
  Duration dial_timeout = 5s;
  bool operator==(const Redis&) const = default;
};

struct RateLimit {
  int64_t average = 0;  // tokens a period; 0: no limit
  Duration period = 1s;
  int64_t burst = 1;
  std::optional<SourceCriterion> source_criterion;
  std::optional<Redis> redis;
  bool operator==(const RateLimit&) const = default;
};

struct RedirectRegex {
  std::string regex;
  std::string replacement;
  bool permanent = false;
  bool operator==(const RedirectRegex&) const = default;
};

struct RedirectScheme {
  std::string scheme;
  std::string port;
  bool permanent = false;
  bool force_permanent_redirect = false;
  bool operator==(const RedirectScheme&) const = default;
};

struct BasicAuth {
  std::vector<std::string> users;  // name:hash
  std::string users_file;
  std::string realm;  // empty: traefik
  bool remove_header = false;
  std::string header_field;
  bool operator==(const BasicAuth&) const = default;
};

struct DigestAuth {
  std::vector<std::string> users;  // name:realm:HA1
  std::string users_file;
  bool remove_header = false;
  std::string realm;  // empty: traefik
  std::string header_field;
  bool operator==(const DigestAuth&) const = default;
};

struct ForwardAuth {
  std::string address;
  std::optional<ClientTls> tls;
  std::optional<bool> trust_forward_header;
  std::vector<std::string> auth_response_headers;
  std::string auth_response_headers_regex;
  std::vector<std::string> auth_request_headers;
  std::vector<std::string> add_auth_cookies_to_response;
  std::string header_field;
  bool forward_body = false;
  int64_t max_body_size = -1;
  std::optional<int64_t> max_response_body_size;  // unset: no limit
  bool preserve_location_header = false;
  bool preserve_request_method = false;
  std::string auth_signin_url;
  bool operator==(const ForwardAuth&) const = default;
};

struct InFlightReq {
  int64_t amount = 0;
  std::optional<SourceCriterion> source_criterion;  // unset: request host
  bool operator==(const InFlightReq&) const = default;
};

struct Buffering {
  int64_t max_request_body_bytes = 0;
  int64_t mem_request_body_bytes = 0;  // 0: 1 MiB
  int64_t max_response_body_bytes = 0;
  int64_t mem_response_body_bytes = 0;  // 0: 1 MiB
  std::string retry_expression;
  bool disable_request_buffer = false;
  bool disable_response_buffer = false;
  bool operator==(const Buffering&) const = default;
};

struct CircuitBreaker {
  std::string expression;
  Duration check_period = 100ms;
  Duration fallback_duration = 10s;
  Duration recovery_duration = 10s;
  int64_t response_code = 503;
  bool operator==(const CircuitBreaker&) const = default;
};

struct Compress {
  std::vector<std::string> excluded_content_types;
  std::vector<std::string> included_content_types;
  int64_t min_response_body_bytes = 0;  // 0 or less: 1024
  std::vector<std::string> encodings{"gzip", "br", "zstd"};
  std::string default_encoding;
  bool operator==(const Compress&) const = default;
};

struct Retry {
  int64_t attempts = 0;  // total tries; must be set
  Duration initial_interval = 0s;
  Duration timeout = 0s;
  std::vector<std::string> status;
  int64_t max_request_body_bytes = 2 * 1024 * 1024;
  bool disable_retry_on_network_error = false;
  bool retry_non_idempotent_method = false;
  bool operator==(const Retry&) const = default;
};

struct TlsClientCertSubject {
  bool country = false;
  bool province = false;
  bool locality = false;
  bool organization = false;
  bool organizational_unit = false;
  bool common_name = false;
  bool serial_number = false;
  bool domain_component = false;
  bool operator==(const TlsClientCertSubject&) const = default;
};

struct TlsClientCertIssuer {
  bool country = false;
  bool province = false;
  bool locality = false;
  bool organization = false;
  bool common_name = false;
  bool serial_number = false;
  bool domain_component = false;
  bool operator==(const TlsClientCertIssuer&) const = default;
};

struct TlsClientCertInfo {
  bool not_after = false;
  bool not_before = false;
  bool sans = false;
  bool serial_number = false;
  std::optional<TlsClientCertSubject> subject;
  std::optional<TlsClientCertIssuer> issuer;
  bool operator==(const TlsClientCertInfo&) const = default;
};

struct PassTlsClientCert {
  bool pem = false;
  std::optional<TlsClientCertInfo> info;
  bool operator==(const PassTlsClientCert&) const = default;
};

struct ContentType {
  std::optional<bool> auto_detect;  // deprecated
  bool operator==(const ContentType&) const = default;
};

struct GrpcWeb {
  std::vector<std::string> allow_origins;
  bool operator==(const GrpcWeb&) const = default;
};

// Exactly one kind is set in a valid middleware; kind_of() in config/dynamic/kinds.h says which.
struct Middleware {
  std::optional<AddPrefix> add_prefix;
  std::optional<StripPrefix> strip_prefix;
  std::optional<StripPrefixRegex> strip_prefix_regex;
  std::optional<ReplacePath> replace_path;
  std::optional<ReplacePathRegex> replace_path_regex;
  std::optional<Chain> chain;
  std::optional<IpWhiteList> ip_white_list;
  std::optional<IpAllowList> ip_allow_list;
  std::optional<Headers> headers;
  std::optional<EncodedCharacters<false>> encoded_characters;
  std::optional<Errors> errors;
  std::optional<RateLimit> rate_limit;
  std::optional<RedirectRegex> redirect_regex;
  std::optional<RedirectScheme> redirect_scheme;
  std::optional<BasicAuth> basic_auth;
  std::optional<DigestAuth> digest_auth;
  std::optional<ForwardAuth> forward_auth;
  std::optional<InFlightReq> in_flight_req;
  std::optional<Buffering> buffering;
  std::optional<CircuitBreaker> circuit_breaker;
  std::optional<Compress> compress;
  std::optional<PassTlsClientCert> pass_tls_client_cert;
  std::optional<Retry> retry;
  std::optional<ContentType> content_type;
  std::optional<GrpcWeb> grpc_web;
  Map<json::Value> plugin;  // name of the plugin -> its free-form settings
  bool operator==(const Middleware&) const = default;
};

void describe(Fields<AddPrefix>& f);
void describe(Fields<StripPrefix>& f);
void describe(Fields<StripPrefixRegex>& f);
void describe(Fields<ReplacePath>& f);
void describe(Fields<ReplacePathRegex>& f);
void describe(Fields<Chain>& f);
void describe(Fields<IpStrategy>& f);
void describe(Fields<IpAllowList>& f);
void describe(Fields<IpWhiteList>& f);
void describe(Fields<Headers>& f);
void describe(Fields<Errors>& f);
void describe(Fields<SourceCriterion>& f);
void describe(Fields<ClientTls>& f);
void describe(Fields<Redis>& f);
void describe(Fields<RateLimit>& f);
void describe(Fields<RedirectRegex>& f);
void describe(Fields<RedirectScheme>& f);
void describe(Fields<BasicAuth>& f);
void describe(Fields<DigestAuth>& f);
void describe(Fields<ForwardAuth>& f);
void describe(Fields<InFlightReq>& f);
void describe(Fields<Buffering>& f);
void describe(Fields<CircuitBreaker>& f);
void describe(Fields<Compress>& f);
void describe(Fields<Retry>& f);
void describe(Fields<TlsClientCertSubject>& f);
void describe(Fields<TlsClientCertIssuer>& f);
void describe(Fields<TlsClientCertInfo>& f);
void describe(Fields<PassTlsClientCert>& f);
void describe(Fields<ContentType>& f);
void describe(Fields<GrpcWeb>& f);
void describe(Fields<Middleware>& f);

}  // namespace fl::config::dynamic
