#include "proxy/middleware/replace_path_regex.h"

#include "base/regex.h"
#include "base/strings.h"
#include "proxy/answers.h"
#include "proxy/middleware/forwardable_path.h"
#include "proxy/routing/request_path.h"

namespace fl::proxy::middleware {
namespace {

class ReplacePathRegex final : public http::Handler {
 public:
  ReplacePathRegex(Regex expression, std::string_view replacement, HandlerPtr next)
      : expression_(std::move(expression)), replacement_(replacement), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    std::string_view& path = x.request.path;
    if (!expression_.matches(path)) return next_->handle(x);
    x.request.headers.append(kReplacedPath, path);
    const auto replaced = make_forwardable_path(x.arena.copy(expression_.replace_all(path, replacement_)), x.arena);
    if (!replaced) return answer_error(x, 500);
    if (!routing::is_sanitized(*replaced)) return answer_error(x, 400);
    path = *replaced;
    return next_->handle(x);
  }

 private:
  const Regex expression_;
  const std::string replacement_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_replace_path_regex(const config::dynamic::ReplacePathRegex& options, HandlerPtr next) {
  FL_TRY(Regex expression, Regex::compile(trim(options.regex)));
  return std::make_shared<ReplacePathRegex>(std::move(expression), trim(options.replacement), std::move(next));
}

}  // namespace fl::proxy::middleware
