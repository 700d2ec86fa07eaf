#include "proxy/middleware/replace_path.h"

#include "proxy/middleware/forwardable_path.h"

namespace fl::proxy::middleware {
namespace {

class ReplacePath final : public http::Handler {
 public:
  ReplacePath(std::string_view path, HandlerPtr next) : path_(path), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    x.request.headers.append(kReplacedPath, x.request.path);
    x.request.path = path_;
    return next_->handle(x);
  }

 private:
  const std::string path_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_replace_path(const config::dynamic::ReplacePath& options, HandlerPtr next) {
  Arena arena;
  const auto path = make_forwardable_path(options.path, arena);
  if (!path) return fail(Code::invalid, "path \"" + options.path + "\" has a broken percent-escape");
  return std::make_shared<ReplacePath>(*path, std::move(next));
}

}  // namespace fl::proxy::middleware
