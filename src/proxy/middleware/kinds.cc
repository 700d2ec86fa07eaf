// The list of middleware kinds: one line each.
#include "proxy/middleware/add_prefix.h"
#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {
namespace {

using config::dynamic::Middleware;

// A kind from the configuration's member and the function that makes its handler.
template <auto Member, auto Make>
constexpr Kind kind(std::string_view type) {
  return {type, [](const Middleware& m) { return (m.*Member).has_value(); },
          [](const Middleware& m, HandlerPtr next) { return Make(*(m.*Member), std::move(next)); }};
}

constexpr Kind kKinds[] = {
    kind<&Middleware::add_prefix, make_add_prefix>("addprefix"),
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

}  // namespace fl::proxy::middleware
