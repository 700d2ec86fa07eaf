#include "proxy/tcp/weighted.h"

#include <algorithm>

namespace fl::proxy::tcp {
namespace {

std::vector<int64_t> weights_of(const std::vector<Weighted::Child>& children) {
  std::vector<int64_t> weights;
  for (const Weighted::Child& child : children) weights.push_back(child.weight);
  return weights;
}

}  // namespace

Weighted::Weighted(Options options)
    : options_(std::move(options)), turns_(weights_of(options_.children), options_.service, options_.cursor) {}

bool Weighted::is_up(TimePoint now) const {
  return !options_.health_check || std::ranges::any_of(options_.children, [now](const Child& child) {
    return child.weight > 0 && child.handler->is_up(now);
  });
}

net::Task<> Weighted::handle(Connection& c) const {
  const TimePoint now = c.worker.loop().now();
  const int chosen = turns_.take(c.worker, [&](int i) {
    return !options_.health_check || options_.children[static_cast<size_t>(i)].handler->is_up(now);
  });
  if (chosen >= 0) co_await options_.children[static_cast<size_t>(chosen)].handler->handle(c);
}

}  // namespace fl::proxy::tcp
