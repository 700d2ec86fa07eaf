// The list of middleware kinds: one line each.
#include "proxy/middleware/add_prefix.h"
#include "proxy/middleware/basic_auth.h"
#include "proxy/middleware/buffering.h"
#include "proxy/middleware/circuit_breaker.h"
#include "proxy/middleware/compress.h"
#include "proxy/middleware/content_type.h"
#include "proxy/middleware/digest_auth.h"
#include "proxy/middleware/encoded_characters.h"
#include "proxy/middleware/errors.h"
#include "proxy/middleware/forward_auth.h"
#include "proxy/middleware/grpc_web.h"
#include "proxy/middleware/headers.h"
#include "proxy/middleware/in_flight_req.h"
#include "proxy/middleware/ip_allow_list.h"
#include "proxy/middleware/middleware.h"
#include "proxy/middleware/pass_tls_client_cert.h"
#include "proxy/middleware/rate_limit.h"
#include "proxy/middleware/redirect_regex.h"
#include "proxy/middleware/redirect_scheme.h"
#include "proxy/middleware/replace_path.h"
#include "proxy/middleware/replace_path_regex.h"
#include "proxy/middleware/retry.h"
#include "proxy/middleware/strip_prefix.h"
#include "proxy/middleware/strip_prefix_regex.h"

namespace fl::proxy::middleware {
namespace {

using config::dynamic::Middleware;

// A kind from the configuration's member and the function that makes its handler.
template <auto Member, auto Make>
constexpr Kind kind(std::string_view type) {
  return {type, [](const Middleware& m) { return (m.*Member).has_value(); }, nullptr,
          [](const Middleware& m, HandlerPtr next, Target) { return Make(*(m.*Member), std::move(next)); }};
}

// The same of one that needs the service its options name.
template <auto Member, auto Make>
constexpr Kind kind_with_service(std::string_view type) {
  return {type, [](const Middleware& m) { return (m.*Member).has_value(); },
          [](const Middleware& m, std::string_view, TargetSource& source) {
            return source.get((m.*Member)->service).map([](HandlerPtr service) {
              return Target{.service = std::move(service), .server = nullptr};
            });
          },
          [](const Middleware& m, HandlerPtr next, Target target) {
            return Make(*(m.*Member), std::move(next), std::move(target.service));
          }};
}

// The same of one that asks a server of its own.
template <auto Member, auto Find, auto Make>
constexpr Kind kind_with_server(std::string_view type) {
  return {type, [](const Middleware& m) { return (m.*Member).has_value(); },
          [](const Middleware& m, std::string_view name, TargetSource& source) {
            return Find(*(m.*Member), name, source).map([](std::shared_ptr<const UpstreamSpec> server) {
              return Target{.service = nullptr, .server = std::move(server)};
            });
          },
          [](const Middleware& m, HandlerPtr next, Target target) {
            return Make(*(m.*Member), std::move(next), std::move(target.server));
          }};
}

constexpr Kind kKinds[] = {
    kind<&Middleware::add_prefix, make_add_prefix>("addprefix"),
    kind<&Middleware::basic_auth, make_basic_auth>("basicauth"),
    kind<&Middleware::buffering, make_buffering>("buffering"),
    kind<&Middleware::circuit_breaker, make_circuit_breaker>("circuitbreaker"),
    kind<&Middleware::compress, make_compress>("compress"),
    kind<&Middleware::content_type, make_content_type>("contenttype"),
    kind<&Middleware::digest_auth, make_digest_auth>("digestauth"),
    kind<&Middleware::encoded_characters, make_encoded_characters>("encodedcharacters"),
    kind_with_service<&Middleware::errors, make_errors>("errors"),
    kind_with_server<&Middleware::forward_auth, find_auth_server, make_forward_auth>("forwardauth"),
    kind<&Middleware::grpc_web, make_grpc_web>("grpcweb"),
    kind<&Middleware::headers, make_headers>("headers"),
    kind<&Middleware::in_flight_req, make_in_flight_req>("inflightreq"),
    kind<&Middleware::ip_allow_list, make_ip_allow_list>("ipallowlist"),
    kind<&Middleware::ip_white_list, make_ip_white_list>("ipwhitelist"),
    kind<&Middleware::pass_tls_client_cert, make_pass_tls_client_cert>("passtlsclientcert"),
    kind<&Middleware::rate_limit, make_rate_limit>("ratelimit"),
    kind<&Middleware::redirect_regex, make_redirect_regex>("redirectregex"),
    kind<&Middleware::redirect_scheme, make_redirect_scheme>("redirectscheme"),
    kind<&Middleware::replace_path, make_replace_path>("replacepath"),
    kind<&Middleware::replace_path_regex, make_replace_path_regex>("replacepathregex"),
    kind<&Middleware::retry, make_retry>("retry"),
    kind<&Middleware::strip_prefix, make_strip_prefix>("stripprefix"),
    kind<&Middleware::strip_prefix_regex, make_strip_prefix_regex>("stripprefixregex"),
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

}  // namespace fl::proxy::middleware
