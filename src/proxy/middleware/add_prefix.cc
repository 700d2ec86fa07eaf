#include "proxy/middleware/add_prefix.h"

namespace fl::proxy::middleware {
namespace {

class AddPrefix final : public http::Handler {
 public:
  AddPrefix(std::string prefix, HandlerPtr next) : prefix_(std::move(prefix)), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    x.request.path = x.arena.concat({prefix_, x.request.path});
    return next_->handle(x);
  }

 private:
  const std::string prefix_;  // begins with '/'
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_add_prefix(const config::dynamic::AddPrefix& options, HandlerPtr next) {
  if (options.prefix.empty()) return fail(Code::invalid, "prefix cannot be empty");
  std::string prefix = options.prefix.starts_with('/') ? options.prefix : "/" + options.prefix;
  return std::make_shared<AddPrefix>(std::move(prefix), std::move(next));
}

}  // namespace fl::proxy::middleware
