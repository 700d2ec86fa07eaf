#include "proxy/service/mirroring.h"

#include <algorithm>

#include "base/log.h"
#include "proxy/held_body.h"
#include "proxy/request_checkpoint.h"

namespace fl::proxy {

// Of n requests a mirror gets percent * n / 100, rounded up, evenly spread.
bool Mirroring::is_for(const Mirror& mirror, uint64_t request) const {
  const auto share = [&mirror](uint64_t n) { return (n * mirror.percent + 99) / 100; };
  return share(request) > share(request - 1);
}

net::Task<> Mirroring::handle(http::Exchange& x) const {
  const uint64_t request = requests_.fetch_add(1, std::memory_order_relaxed) + 1;
  const bool wanted = std::ranges::any_of(options_.mirrors, [&](const Mirror& m) { return is_for(m, request); });
  return wanted && x.request.upgrade.empty() ? mirror(x, request) : options_.service->handle(x);
}

net::Task<> Mirroring::mirror(http::Exchange& x, uint64_t request) const {
  HeldBody body;
  if (options_.mirror_body) {
    if (const auto error = co_await body.hold(x, options_.max_body_size); error != http::BodyError::none)
      co_return answer_body_error(x, error);
    x.request_body = body.replay(x);
  }
  const RequestCheckpoint came(x);
  co_await options_.service->handle(x);
  if (x.drop_connection || body.is_too_long()) co_return;

  const std::string_view text = body.copy_to(x.arena);
  for (const Mirror& m : options_.mirrors)
    if (is_for(m, request) && !Transaction::of(x).worker.detached_requests().start(x, came, text, *m.handler))
      log::debug("{}: a mirror's request was left out, too many are under way", Transaction::of(x).record.service);
}

}  // namespace fl::proxy
