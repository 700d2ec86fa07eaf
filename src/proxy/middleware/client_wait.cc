#include "proxy/middleware/client_wait.h"

#include "proxy/answers.h"

namespace fl::proxy::middleware {
namespace {

struct EndsWait final : http::ClientGoneListener {
  net::StopSource stop;
  void on_client_gone() noexcept override { stop.request_stop(); }
};

}  // namespace

net::Task<bool> wait_for_client(http::Exchange& x, Duration wait) {
  EndsWait ends;
  x.watch_client(&ends);
  const bool waited = co_await net::sleep_for(wait, ends.stop);
  x.watch_client(nullptr);
  if (waited) co_return true;
  answer_client_gone(x);
  co_return false;
}

}  // namespace fl::proxy::middleware
