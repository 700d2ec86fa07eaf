// Services made of others, from their options and the handlers of those: weighted, highestRandomWeight, mirroring,
// failover. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/dynamic/http.h"
#include "http/exchange.h"
#include "proxy/service/health.h"
#include "proxy/service/turns.h"

namespace fl::proxy {

struct Composite {
  std::shared_ptr<const http::Handler> handler;
  std::shared_ptr<const Health> health;  // null: the options do not ask for it
};

// The services it leads to, as its options list them; empty when it is no composite.
std::vector<std::string_view> children_of(const config::dynamic::Service& service);
// `children`: their handlers, in that order. `health_of` fails for a child that nobody checks.
// Errors: the options make no sense.
Result<Composite> make_composite(
    const std::string& name, const config::dynamic::Service& service,
    const std::vector<std::shared_ptr<const http::Handler>>& children,
    const std::function<Result<std::shared_ptr<const Health>>(const std::string& child)>& health_of,
    const std::function<std::shared_ptr<const TurnCursor>()>& cursor);
// The same of the same children makes the same.
bool is_same_composite(const config::dynamic::Service& a, const config::dynamic::Service& b);

}  // namespace fl::proxy
