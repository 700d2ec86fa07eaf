#include "proxy/middleware/redirect_regex.h"

#include "base/regex.h"
#include "proxy/middleware/redirect.h"

namespace fl::proxy::middleware {
namespace {

net::Task<> answer_bad_url(http::Exchange& x) {
  x.respond(502, http::reason_phrase(502), {});
  co_return;
}

class RedirectRegex final : public http::Handler {
 public:
  RedirectRegex(Regex expression, std::string replacement, bool permanent, HandlerPtr next)
      : expression_(std::move(expression)),
        replacement_(std::move(replacement)),
        permanent_(permanent),
        next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    const std::string_view url = x.arena.concat({client_scheme(x), "://", x.request.authority, request_target(x)});
    if (!expression_.matches(url)) return next_->handle(x);
    const std::string replaced = expression_.replace_all(url, replacement_);
    if (replaced == url) return next_->handle(x);
    const auto location = make_location(x.arena.copy(replaced), x.arena);
    return location ? answer_redirect(x, redirect_status(x, permanent_), *location) : answer_bad_url(x);
  }

 private:
  const Regex expression_;
  const std::string replacement_;
  const bool permanent_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_redirect_regex(const config::dynamic::RedirectRegex& options, HandlerPtr next) {
  FL_TRY(Regex expression, Regex::compile(options.regex));
  return std::make_shared<RedirectRegex>(std::move(expression), options.replacement, options.permanent,
                                         std::move(next));
}

}  // namespace fl::proxy::middleware
