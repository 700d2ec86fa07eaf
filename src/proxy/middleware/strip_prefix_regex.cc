#include "proxy/middleware/strip_prefix_regex.h"

#include "base/regex.h"
#include "base/strings.h"
#include "proxy/middleware/stripped_path.h"
#include "proxy/routing/request_path.h"

namespace fl::proxy::middleware {
namespace {

class StripPrefixRegex final : public http::Handler {
 public:
  StripPrefixRegex(std::vector<Regex> expressions, HandlerPtr next)
      : expressions_(std::move(expressions)), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    const std::string_view path = routing::make_routing_path(x.request.path, x.arena);
    for (const Regex& expression : expressions_) {
      const auto match = expression.find(path);
      if (!match || match->empty() || match->data() != path.data()) continue;
      if (const auto size = routing::forwarded_size(x.request.path, match->size()))
        return handle_stripped(x, *size, *match, *next_);
    }
    return next_->handle(x);
  }

 private:
  const std::vector<Regex> expressions_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_strip_prefix_regex(const config::dynamic::StripPrefixRegex& options, HandlerPtr next) {
  std::vector<Regex> expressions;
  for (const std::string& pattern : options.regex) {
    FL_TRY(Regex expression, Regex::compile(trim(pattern)));
    expressions.push_back(std::move(expression));
  }
  return std::make_shared<StripPrefixRegex>(std::move(expressions), std::move(next));
}

}  // namespace fl::proxy::middleware
