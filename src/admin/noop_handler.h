// Stands where no service is ever reached, as behind a redirection (service noop@internal): 418.
#pragma once

#include "http/exchange.h"

namespace fl::admin {

class NoopHandler final : public http::Handler {
 public:
  net::Task<> handle(http::Exchange& x) const override {
    x.respond(418, "", {});
    co_return;
  }
};

}  // namespace fl::admin
