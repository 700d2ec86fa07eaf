// From the names of middlewares to handlers in front of another handler: chains expanded, each reference checked.
// Main thread; lives for one build.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/dynamic/configuration.h"
#include "http/exchange.h"
#include "proxy/middleware/middleware.h"
#include "proxy/runtime_report.h"

namespace fl::proxy {

using middleware::HandlerPtr;
using MiddlewareEntry = config::Objects<config::dynamic::Middleware>::EntryPtr;

// The middlewares of a router or service in the order they run, chains expanded.
struct MiddlewareList {
  std::vector<MiddlewareEntry> middlewares;
  std::vector<middleware::Target> targets;  // of those that lead to one, in the same order
  friend bool operator==(const MiddlewareList& a, const MiddlewareList& b);
};

// What is kept of a configured middleware from one build to the next.
struct BuiltMiddleware {
  MiddlewareEntry configuration;
  config::Objects<MiddlewareReport>::EntryPtr report;
  std::string_view name() const { return configuration->first; }
};
using BuiltMiddlewares = std::vector<std::shared_ptr<const BuiltMiddleware>>;

class MiddlewareResolver {
 public:
  // `report` holds what is wrong with middlewares already; check_all() adds the rest.
  MiddlewareResolver(const config::dynamic::Configuration& configuration, RuntimeReport& report)
      : configuration_(configuration), report_(report) {}

  // Makes each configured middleware once and throws it away, so that also unused ones show what is wrong with them;
  // one that is as it was before need not be made. To be called first. -> for the next build
  BuiltMiddlewares check_all(const BuiltMiddlewares& before) const;
  // Errors: one does not exist, is disabled, contains itself, or leads to what cannot be had.
  Result<MiddlewareList> expand(const std::vector<std::string>& names, middleware::TargetSource& targets) const;
  // Puts the middlewares in front of `last`. Errors: one cannot be made from its options.
  Result<HandlerPtr> wrap(const MiddlewareList& list, HandlerPtr last) const;

 private:
  Result<> expand_into(std::string_view name, std::vector<std::string_view>& path, MiddlewareList& list) const;

  const config::dynamic::Configuration& configuration_;
  RuntimeReport& report_;
};

}  // namespace fl::proxy
