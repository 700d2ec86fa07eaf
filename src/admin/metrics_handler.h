// Prometheus' page (service prometheus@internal); any method. Shared by all workers.
#pragma once

#include "http/exchange.h"
#include "telemetry/registry.h"

namespace fl::admin {

class MetricsHandler final : public http::Handler {
 public:
  // The registry outlives this.
  explicit MetricsHandler(telemetry::Registry& registry) : registry_(registry) {}

  net::Task<> handle(http::Exchange& x) const override {
    std::string page = co_await registry_.render();
    x.respond_owned(200, std::move(page), telemetry::Registry::kContentType);
  }

 private:
  telemetry::Registry& registry_;
};

}  // namespace fl::admin
