#include "proxy/middleware/router_loop.h"

#include <fmt/format.h>

#include "proxy/answers.h"

namespace fl::proxy::middleware {
namespace {

constexpr std::string_view kField = "X-Traefik-Router";

// FNV-1 with 64 bits in hexadecimal, as Traefik marks requests: loops through both are found as well.
std::string mark_of(std::string_view router) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : router) hash = (hash * 0x100000001b3) ^ static_cast<unsigned char>(c);
  return fmt::format("{:x}", hash);
}

class RouterLoop final : public http::Handler {
 public:
  RouterLoop(std::string_view router, HandlerPtr next) : mark_(mark_of(router)), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    const std::string_view* const mark = x.request.headers.find(kField);
    if (mark != nullptr && *mark == mark_) return answer_error(x, 400);
    x.request.headers.set(kField, mark_);
    return next_->handle(x);
  }

 private:
  const std::string mark_;
  const HandlerPtr next_;
};

}  // namespace

HandlerPtr make_router_loop(std::string_view router, HandlerPtr next) {
  return std::make_shared<RouterLoop>(router, std::move(next));
}

}  // namespace fl::proxy::middleware
