#include "proxy/middleware/replace_path.h"

#include <optional>
#include <string>

#include "proxy/answers.h"
#include "proxy/middleware/forwardable_path.h"

namespace fl::proxy::middleware {
namespace {

class ReplacePath final : public http::Handler {
 public:
  ReplacePath(std::optional<std::string_view> path, HandlerPtr next) : path_(path), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    if (!path_) return answer_error(x, 500);
    x.request.headers.append(kReplacedPath, x.request.path);
    x.request.path = *path_;
    return next_->handle(x);
  }

 private:
  const std::optional<std::string> path_;  // nullopt: its escapes are broken
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_replace_path(const config::dynamic::ReplacePath& options, HandlerPtr next) {
  Arena arena;
  const std::optional<std::string_view> path = make_forwardable_path(options.path, arena);
  return std::make_shared<ReplacePath>(path, std::move(next));
}

}  // namespace fl::proxy::middleware
