#include "proxy/middleware/add_prefix.h"

#include "proxy/middleware/forwardable_path.h"

namespace fl::proxy::middleware {
namespace {

class AddPrefix final : public http::Handler {
 public:
  AddPrefix(std::string_view prefix, HandlerPtr next) : prefix_(prefix), next_(std::move(next)) {}

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
  Arena arena;
  const auto prefix = make_forwardable_path(options.prefix, arena);
  if (!prefix) return fail(Code::invalid, "prefix \"" + options.prefix + "\" has a broken percent-escape");
  return std::make_shared<AddPrefix>(*prefix, std::move(next));
}

}  // namespace fl::proxy::middleware
