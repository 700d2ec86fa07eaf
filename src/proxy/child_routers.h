// Routers behind the middlewares of another one: the request, as these have left it, goes to the first that matches
// (Traefik: multi-layer routing). Immutable, part of a snapshot; any worker.
#pragma once

#include <memory>
#include <vector>

#include "proxy/snapshot.h"

namespace fl::proxy {

class ChildRouters final : public http::Handler {
 public:
  explicit ChildRouters(HttpRouters routers) : routers_(std::move(routers)) {}

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  const HttpRouters routers_;
};

}  // namespace fl::proxy
