#include "proxy/middleware/strip_prefix.h"

#include "proxy/middleware/stripped_path.h"
#include "proxy/routing/request_path.h"

namespace fl::proxy::middleware {
namespace {

class StripPrefix final : public http::Handler {
 public:
  StripPrefix(std::vector<std::string> prefixes, HandlerPtr next)
      : prefixes_(std::move(prefixes)), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    const std::string_view path = routing::make_routing_path(x.request.path, x.arena);
    for (const std::string& prefix : prefixes_) {
      if (!path.starts_with(prefix)) continue;
      if (const auto size = routing::forwarded_size(x.request.path, prefix.size()))
        return handle_stripped(x, *size, prefix, *next_);
    }
    return next_->handle(x);
  }

 private:
  const std::vector<std::string> prefixes_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_strip_prefix(const config::dynamic::StripPrefix& options, HandlerPtr next) {
  return std::make_shared<StripPrefix>(options.prefixes, std::move(next));
}

}  // namespace fl::proxy::middleware
