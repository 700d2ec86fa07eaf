#include "config/dynamic/middleware.h"

#include "config/schema.h"

namespace fl::config::dynamic {

void describe(Fields<AddPrefix>& f) { f("prefix", &AddPrefix::prefix, "put before the path"); }

void describe(Fields<StripPrefix>& f) {
  f("prefixes", &StripPrefix::prefixes, "the first that matches is taken off");
  f("forceSlash", &StripPrefix::force_slash, "deprecated");
}

void describe(Fields<StripPrefixRegex>& f) {
  f("regex", &StripPrefixRegex::regex, "the first that matches the path's beginning is taken off");
}

void describe(Fields<ReplacePath>& f) { f("path", &ReplacePath::path, "the new path"); }

void describe(Fields<ReplacePathRegex>& f) {
  f("regex", &ReplacePathRegex::regex, "what to replace in the path");
  f("replacement", &ReplacePathRegex::replacement, "with what; $1 is the first group");
}

void describe(Fields<Chain>& f) { f("middlewares", &Chain::middlewares, "middlewares, in order"); }

void describe(Fields<IpStrategy>& f) {
  f("depth", &IpStrategy::depth, "which address of X-Forwarded-For, counted from the right; 0: the peer");
  f("excludedIPs", &IpStrategy::excluded_ips, "take the last address of X-Forwarded-For that is not one of these");
  f("ipv6Subnet", &IpStrategy::ipv6_subnet, "take IPv6 addresses of one subnet of this length as one");
}

void describe(Fields<IpAllowList>& f) {
  f("sourceRange", &IpAllowList::source_range, "addresses and networks to let through");
  f("ipStrategy", &IpAllowList::ip_strategy, "which address of the client counts", kAllowEmpty);
  f("rejectStatusCode", &IpAllowList::reject_status_code, "status for everyone else; 0: 403");
}

void describe(Fields<IpWhiteList>& f) {
  f("sourceRange", &IpWhiteList::source_range, "addresses and networks to let through");
  f("ipStrategy", &IpWhiteList::ip_strategy, "which address of the client counts", kAllowEmpty);
}

void describe(Fields<Headers>& f) {
  f("customRequestHeaders", &Headers::custom_request_headers, "set on requests; an empty value removes");
  f("customResponseHeaders", &Headers::custom_response_headers, "set on responses; an empty value removes");
  f("accessControlAllowCredentials", &Headers::access_control_allow_credentials, "CORS: allow credentials");
  f("accessControlAllowHeaders", &Headers::access_control_allow_headers, "CORS: request headers");
  f("accessControlAllowMethods", &Headers::access_control_allow_methods, "CORS: methods");
  f("accessControlAllowOriginList", &Headers::access_control_allow_origin_list, "CORS: origins, * for any");
  f("accessControlAllowOriginListRegex", &Headers::access_control_allow_origin_list_regex, "CORS: origins, as regex");
  f("accessControlExposeHeaders", &Headers::access_control_expose_headers, "CORS: response headers scripts may read");
  f("accessControlMaxAge", &Headers::access_control_max_age, "CORS: seconds a preflight answer may be kept");
  f("addVaryHeader", &Headers::add_vary_header, "CORS: add Origin to Vary");
  f("allowedHosts", &Headers::allowed_hosts, "hosts to answer");
  f("hostsProxyHeaders", &Headers::hosts_proxy_headers, "headers that may hold the host");
  f("sslProxyHeaders", &Headers::ssl_proxy_headers, "header and value that mean the client came over TLS");
  f("stsSeconds", &Headers::sts_seconds, "max-age of Strict-Transport-Security; 0: not sent");
  f("stsIncludeSubdomains", &Headers::sts_include_subdomains, "includeSubDomains");
  f("stsPreload", &Headers::sts_preload, "preload");
  f("forceSTSHeader", &Headers::force_sts_header, "send it without TLS as well");
  f("frameDeny", &Headers::frame_deny, "X-Frame-Options: DENY");
  f("customFrameOptionsValue", &Headers::custom_frame_options_value, "X-Frame-Options");
  f("contentTypeNosniff", &Headers::content_type_nosniff, "X-Content-Type-Options: nosniff");
  f("browserXssFilter", &Headers::browser_xss_filter, "X-XSS-Protection: 1; mode=block");
  f("customBrowserXSSValue", &Headers::custom_browser_xss_value, "X-XSS-Protection");
  f("contentSecurityPolicy", &Headers::content_security_policy, "Content-Security-Policy");
  f("contentSecurityPolicyReportOnly", &Headers::content_security_policy_report_only,
    "Content-Security-Policy-Report-Only");
  f("publicKey", &Headers::public_key, "Public-Key-Pins");
  f("referrerPolicy", &Headers::referrer_policy, "Referrer-Policy");
  f("permissionsPolicy", &Headers::permissions_policy, "Permissions-Policy");
  f("isDevelopment", &Headers::is_development, "turn the checks of hosts and TLS off");
  f("featurePolicy", &Headers::feature_policy, "deprecated, use permissionsPolicy");
  f("sslRedirect", &Headers::ssl_redirect, "deprecated, use redirectScheme");
  f("sslTemporaryRedirect", &Headers::ssl_temporary_redirect, "deprecated, use redirectScheme");
  f("sslHost", &Headers::ssl_host, "deprecated, use redirectRegex");
  f("sslForceHost", &Headers::ssl_force_host, "deprecated, use redirectRegex");
}

void describe(Fields<Errors>& f) {
  f("status", &Errors::status, "codes and ranges to replace: 500,400-404");
  f("statusRewrites", &Errors::status_rewrites, "status to send instead of this code or range");
  f("service", &Errors::service, "service that makes the page");
  f("query", &Errors::query, "path to ask it for: /{status}.html");
  f("errorRequestHeaders", &Errors::error_request_headers, "request headers it gets; unset: all");
}

void describe(Fields<SourceCriterion>& f) {
  f("ipStrategy", &SourceCriterion::ip_strategy, "by the client's address", kAllowEmpty);
  f("requestHeaderName", &SourceCriterion::request_header_name, "by this header");
  f("requestHost", &SourceCriterion::request_host, "by the host");
}

void describe(Fields<ClientTls>& f) {
  f("ca", &ClientTls::ca, "authority to trust, a file or PEM text");
  f("cert", &ClientTls::cert, "client certificate, a file or PEM text");
  f("key", &ClientTls::key, "its key, a file or PEM text");
  f("insecureSkipVerify", &ClientTls::insecure_skip_verify, "do not check the server's certificate");
  f("caOptional", &ClientTls::ca_optional, "deprecated");
}

void describe(Fields<Redis>& f) {
  f("endpoints", &Redis::endpoints, "addresses");
  f("tls", &Redis::tls, "TLS to Redis");
  f("username", &Redis::username, "user");
  f("password", &Redis::password, "password");
  f("db", &Redis::db, "database");
  f("poolSize", &Redis::pool_size, "connections; 0: 10 a processor");
  f("minIdleConns", &Redis::min_idle_conns, "idle connections to keep");
  f("maxActiveConns", &Redis::max_active_conns, "most connections; 0: no limit");
  f("readTimeout", &Redis::read_timeout, "longest time to read");
  f("writeTimeout", &Redis::write_timeout, "longest time to write");
  f("dialTimeout", &Redis::dial_timeout, "longest time to connect");
}

void describe(Fields<RateLimit>& f) {
  f("average", &RateLimit::average, "requests a period; 0: no limit");
  f("period", &RateLimit::period, "the period");
  f("burst", &RateLimit::burst, "requests that may come at once");
  f("sourceCriterion", &RateLimit::source_criterion,
    "what makes two requests the same source; unset: the peer's address");
  f("redis", &RateLimit::redis, "count in Redis, for all instances together");
}

void describe(Fields<RedirectRegex>& f) {
  f("regex", &RedirectRegex::regex, "what to match in the whole URL");
  f("replacement", &RedirectRegex::replacement, "the new URL; $1 is the first group");
  f("permanent", &RedirectRegex::permanent, "301 or 308 instead of 302 or 307");
}

void describe(Fields<RedirectScheme>& f) {
  f("scheme", &RedirectScheme::scheme, "the new scheme");
  f("port", &RedirectScheme::port, "the new port");
  f("permanent", &RedirectScheme::permanent, "301 or 308 instead of 302 or 307");
  f("forcePermanentRedirect", &RedirectScheme::force_permanent_redirect, "308 for every method");
}

void describe(Fields<BasicAuth>& f) {
  f("users", &BasicAuth::users, "name:hash, with MD5 (apr1), SHA1 or bcrypt");
  f("usersFile", &BasicAuth::users_file, "file with one user a line");
  f("realm", &BasicAuth::realm, "realm; empty: traefik");
  f("removeHeader", &BasicAuth::remove_header, "do not send Authorization on");
  f("headerField", &BasicAuth::header_field, "request header that gets the user's name");
}

void describe(Fields<DigestAuth>& f) {
  f("users", &DigestAuth::users, "name:realm:hash");
  f("usersFile", &DigestAuth::users_file, "file with one user a line");
  f("removeHeader", &DigestAuth::remove_header, "do not send Authorization on");
  f("realm", &DigestAuth::realm, "realm; empty: traefik");
  f("headerField", &DigestAuth::header_field, "request header that gets the user's name");
}

void describe(Fields<ForwardAuth>& f) {
  f("address", &ForwardAuth::address, "URL of the authentication server");
  f("tls", &ForwardAuth::tls, "TLS to it");
  f("trustForwardHeader", &ForwardAuth::trust_forward_header, "keep the client's X-Forwarded-* headers");
  f("authResponseHeaders", &ForwardAuth::auth_response_headers, "headers of its answer to put on the request");
  f("authResponseHeadersRegex", &ForwardAuth::auth_response_headers_regex, "the same, by regex");
  f("authRequestHeaders", &ForwardAuth::auth_request_headers, "request headers it gets; empty: all");
  f("addAuthCookiesToResponse", &ForwardAuth::add_auth_cookies_to_response,
    "cookies of its answer to pass to the client");
  f("headerField", &ForwardAuth::header_field, "header of its answer that holds the user's name");
  f("forwardBody", &ForwardAuth::forward_body, "send it the body");
  f("maxBodySize", &ForwardAuth::max_body_size, "largest body sent to it, in bytes; -1: no limit", kPrintZero);
  f("maxResponseBodySize", &ForwardAuth::max_response_body_size,
    "largest body of its answer, in bytes; unset: no limit");
  f("preserveLocationHeader", &ForwardAuth::preserve_location_header, "leave a relative Location of its answer alone");
  f("preserveRequestMethod", &ForwardAuth::preserve_request_method, "ask with the client's method instead of GET");
  f("authSigninURL", &ForwardAuth::auth_signin_url, "where to send clients it answers 401");
}

void describe(Fields<InFlightReq>& f) {
  f("amount", &InFlightReq::amount, "requests of one source at a time");
  f("sourceCriterion", &InFlightReq::source_criterion, "what makes two requests the same source; unset: the host");
}

void describe(Fields<Buffering>& f) {
  f("maxRequestBodyBytes", &Buffering::max_request_body_bytes, "largest request body; 0: no limit");
  f("memRequestBodyBytes", &Buffering::mem_request_body_bytes, "of which in memory; 0: 1 MiB");
  f("maxResponseBodyBytes", &Buffering::max_response_body_bytes, "largest response body; 0: no limit");
  f("memResponseBodyBytes", &Buffering::mem_response_body_bytes, "of which in memory; 0: 1 MiB");
  f("retryExpression", &Buffering::retry_expression, "when to try again: IsNetworkError() && Attempts() < 2");
  f("disableRequestBuffer", &Buffering::disable_request_buffer, "do not buffer requests");
  f("disableResponseBuffer", &Buffering::disable_response_buffer, "do not buffer responses");
}

void describe(Fields<CircuitBreaker>& f) {
  f("expression", &CircuitBreaker::expression, "when to open: NetworkErrorRatio() > 0.30");
  f("checkPeriod", &CircuitBreaker::check_period, "time between two checks");
  f("fallbackDuration", &CircuitBreaker::fallback_duration, "how long it stays open");
  f("recoveryDuration", &CircuitBreaker::recovery_duration, "how long it takes to close");
  f("responseCode", &CircuitBreaker::response_code, "status while it is open");
}

void describe(Fields<Compress>& f) {
  f("excludedContentTypes", &Compress::excluded_content_types, "types to leave alone");
  f("includedContentTypes", &Compress::included_content_types, "the only types to compress");
  f("minResponseBodyBytes", &Compress::min_response_body_bytes, "smallest body to compress; 0: 1024");
  f("encodings", &Compress::encodings, "gzip, br and zstd, the preferred first");
  f("defaultEncoding", &Compress::default_encoding, "encoding for clients that do not say what they accept");
}

void describe(Fields<Retry>& f) {
  f("attempts", &Retry::attempts, "tries in all");
  f("initialInterval", &Retry::initial_interval, "first pause, doubled at most; 0: none");
  f("timeout", &Retry::timeout, "longest time for all tries; 0: no limit");
  f("status", &Retry::status, "codes and ranges that are tried again: 500,502-504");
  f("maxRequestBodyBytes", &Retry::max_request_body_bytes, "largest body kept for another try");
  f("disableRetryOnNetworkError", &Retry::disable_retry_on_network_error, "only statuses are tried again");
  f("retryNonIdempotentMethod", &Retry::retry_non_idempotent_method, "try POST, PATCH and LOCK again as well");
}

void describe(Fields<TlsClientCertSubject>& f) {
  f("country", &TlsClientCertSubject::country, "country");
  f("province", &TlsClientCertSubject::province, "province");
  f("locality", &TlsClientCertSubject::locality, "locality");
  f("organization", &TlsClientCertSubject::organization, "organization");
  f("organizationalUnit", &TlsClientCertSubject::organizational_unit, "organizational unit");
  f("commonName", &TlsClientCertSubject::common_name, "common name");
  f("serialNumber", &TlsClientCertSubject::serial_number, "serial number");
  f("domainComponent", &TlsClientCertSubject::domain_component, "domain component");
}

void describe(Fields<TlsClientCertIssuer>& f) {
  f("country", &TlsClientCertIssuer::country, "country");
  f("province", &TlsClientCertIssuer::province, "province");
  f("locality", &TlsClientCertIssuer::locality, "locality");
  f("organization", &TlsClientCertIssuer::organization, "organization");
  f("commonName", &TlsClientCertIssuer::common_name, "common name");
  f("serialNumber", &TlsClientCertIssuer::serial_number, "serial number");
  f("domainComponent", &TlsClientCertIssuer::domain_component, "domain component");
}

void describe(Fields<TlsClientCertInfo>& f) {
  f("notAfter", &TlsClientCertInfo::not_after, "end of validity");
  f("notBefore", &TlsClientCertInfo::not_before, "begin of validity");
  f("sans", &TlsClientCertInfo::sans, "alternative names");
  f("serialNumber", &TlsClientCertInfo::serial_number, "serial number");
  f("subject", &TlsClientCertInfo::subject, "parts of the subject");
  f("issuer", &TlsClientCertInfo::issuer, "parts of the issuer");
}

void describe(Fields<PassTlsClientCert>& f) {
  f("pem", &PassTlsClientCert::pem, "send the whole certificate");
  f("info", &PassTlsClientCert::info, "send parts of it");
}

void describe(Fields<ContentType>& f) { f("autoDetect", &ContentType::auto_detect, "deprecated"); }

void describe(Fields<GrpcWeb>& f) { f("allowOrigins", &GrpcWeb::allow_origins, "origins, * for any"); }

void describe(Fields<Middleware>& f) {
  f("addPrefix", &Middleware::add_prefix, "add to the path's beginning");
  f("stripPrefix", &Middleware::strip_prefix, "take off the path's beginning");
  f("stripPrefixRegex", &Middleware::strip_prefix_regex, "take off the path's beginning, by regex");
  f("replacePath", &Middleware::replace_path, "replace the path");
  f("replacePathRegex", &Middleware::replace_path_regex, "replace in the path");
  f("chain", &Middleware::chain, "several middlewares under one name");
  f("ipWhiteList", &Middleware::ip_white_list, "deprecated, use ipAllowList");
  f("ipAllowList", &Middleware::ip_allow_list, "let only some addresses through");
  f("headers", &Middleware::headers, "set headers; CORS; security headers");
  f("encodedCharacters", &Middleware::encoded_characters, "encoded characters a path may hold; others give 400",
    kAllowEmpty);
  f("errors", &Middleware::errors, "replace error pages");
  f("rateLimit", &Middleware::rate_limit, "limit requests in time");
  f("redirectRegex", &Middleware::redirect_regex, "redirect by regex");
  f("redirectScheme", &Middleware::redirect_scheme, "redirect to another scheme or port");
  f("basicAuth", &Middleware::basic_auth, "basic authentication");
  f("digestAuth", &Middleware::digest_auth, "digest authentication");
  f("forwardAuth", &Middleware::forward_auth, "ask another server who the client is");
  f("inFlightReq", &Middleware::in_flight_req, "limit requests at a time");
  f("buffering", &Middleware::buffering, "read whole bodies before they are passed on");
  f("circuitBreaker", &Middleware::circuit_breaker, "stop asking a service that fails");
  f("compress", &Middleware::compress, "compress responses", kAllowEmpty);
  f("passTLSClientCert", &Middleware::pass_tls_client_cert, "tell the server about the client's certificate");
  f("retry", &Middleware::retry, "try again");
  f("contentType", &Middleware::content_type, "guess a missing Content-Type", kAllowEmpty);
  f("grpcWeb", &Middleware::grpc_web, "translate gRPC-Web");
  f("plugin", &Middleware::plugin, "a plugin's settings, by its name");
}

}  // namespace fl::config::dynamic
