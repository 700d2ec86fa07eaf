#include "proxy/middleware/redirect_scheme.h"

#include "base/strings.h"
#include "proxy/answers.h"
#include "proxy/middleware/redirect.h"

namespace fl::proxy::middleware {
namespace {

// ":port", or nothing when the scheme implies it. Only http and https imply one here, as in Traefik.
std::string_view written_port(std::string_view scheme, std::string_view port) {
  const bool is_implied = (scheme == "http" && port == ":80") || (scheme == "https" && port == ":443");
  return is_implied || port == ":" ? std::string_view{} : port;
}

struct Authority {
  std::string_view host;  // with the brackets of an IPv6 address
  std::string_view port;  // with its colon; may be empty
};
Authority split_port(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == authority.npos || authority.find(']', colon) != authority.npos) return {authority, {}};
  return {authority.substr(0, colon), authority.substr(colon)};
}

class RedirectScheme final : public http::Handler {
 public:
  RedirectScheme(std::string scheme, std::string_view port, bool permanent, bool always_308, HandlerPtr next)
      : scheme_(std::move(scheme)),
        port_(written_port(scheme_, port)),
        permanent_(permanent),
        always_308_(always_308),
        next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    const auto [host, port] = split_port(x.request.authority);
    const std::string_view scheme = client_scheme(x);
    if (scheme == scheme_ && written_port(scheme, port) == port_) return next_->handle(x);
    if (host.empty()) return answer_error(x, 400);
    return answer_redirect(x, always_308_ ? 308 : redirect_status(x, permanent_),
                           x.arena.concat({scheme_, "://", host, port_, request_target(x)}));
  }

 private:
  const std::string scheme_;  // lower case
  const std::string port_;    // as written_port() gives it
  const bool permanent_;
  const bool always_308_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_redirect_scheme(const config::dynamic::RedirectScheme& options, HandlerPtr next) {
  if (options.scheme.empty()) return fail(Code::invalid, "you must provide a target scheme");
  const auto port = parse_uint(options.port);
  if (!options.port.empty() && (!port || *port == 0 || *port > 65535))
    return fail(Code::invalid, "port \"" + options.port + "\" is not a port");
  const std::string port_text = options.port.empty() ? "" : ":" + std::to_string(*port);
  Arena arena;
  if (!make_location(options.scheme + "://a" + port_text, arena))
    return fail(Code::invalid, "scheme \"" + options.scheme + "\" is not a URL scheme");
  return std::make_shared<RedirectScheme>(to_lower(options.scheme), port_text, options.permanent,
                                          options.force_permanent_redirect, std::move(next));
}

}  // namespace fl::proxy::middleware
