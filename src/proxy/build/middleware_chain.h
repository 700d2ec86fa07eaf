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
#include "proxy/runtime_report.h"

namespace fl::proxy {

using HandlerPtr = std::shared_ptr<const http::Handler>;
using MiddlewareEntry = config::Objects<config::dynamic::Middleware>::EntryPtr;

// The middlewares of a router or service in the order they run, chains expanded.
struct MiddlewareList {
  std::vector<MiddlewareEntry> middlewares;
  std::vector<HandlerPtr> services;  // that those ask for which need one, in the same order
  friend bool operator==(const MiddlewareList& a, const MiddlewareList& b);
};

// Where a middleware that needs a service gets it.
class ServiceSource {
 public:
  // Errors: it does not exist, is wrong, or needs itself.
  virtual Result<HandlerPtr> get(std::string_view name) = 0;

 protected:
  ~ServiceSource() = default;
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
  // Errors: one does not exist, is disabled, contains itself, or needs a service that cannot be had.
  Result<MiddlewareList> expand(const std::vector<std::string>& names, ServiceSource& services) const;
  // Puts the middlewares in front of `last`. Errors: one cannot be made from its options.
  Result<HandlerPtr> wrap(const MiddlewareList& list, HandlerPtr last) const;

 private:
  Result<> expand_into(std::string_view name, std::vector<std::string_view>& path, MiddlewareList& list) const;

  const config::dynamic::Configuration& configuration_;
  RuntimeReport& report_;
};

}  // namespace fl::proxy
