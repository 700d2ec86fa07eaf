#include "proxy/service/passive_check.h"

#include <algorithm>

namespace fl::proxy {

PassiveCheck::PassiveCheck(const Options& options, std::shared_ptr<ServerHealth> health)
    : options_(options), health_(std::move(health)), failures_(std::make_unique<Moment[]>(options.max_failures)) {}

void PassiveCheck::failed(TimePoint now) {
  const TimePoint::rep at = now.time_since_epoch().count();
  const size_t turn = next_.fetch_add(1, std::memory_order_relaxed);
  failures_[turn % options_.max_failures].store(at, std::memory_order_relaxed);
  last_failure_.store(at, std::memory_order_relaxed);
  // The oldest of the last so many, which is this one when one is enough.
  const TimePoint::rep oldest = failures_[(turn + 1) % options_.max_failures].load(std::memory_order_relaxed);
  const TimePoint::rep since =
      std::max((now - options_.window).time_since_epoch().count(), forgiven_.load(std::memory_order_relaxed));
  if (oldest != 0 && oldest > since)
    health_->set_down_until(options_.has_active_check ? TimePoint::max() : now + options_.window);
}

}  // namespace fl::proxy
