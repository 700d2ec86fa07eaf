// From the names of middlewares to handlers in front of another handler: chains expanded, each reference checked.
// Main thread; lives for one build.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/dynamic/configuration.h"
#include "http/exchange.h"
#include "proxy/runtime_report.h"

namespace fl::proxy {

// The middlewares of a router or service in the order they run, chains expanded.
struct MiddlewareList {
  std::vector<std::string> names;
  std::vector<config::dynamic::Middleware> configurations;  // beside the names
  bool operator==(const MiddlewareList&) const = default;
};

class MiddlewareResolver {
 public:
  MiddlewareResolver(const config::dynamic::Configuration& configuration, RuntimeReport& report)
      : configuration_(configuration), report_(report) {}

  // Errors: one does not exist, is disabled, or contains itself.
  Result<MiddlewareList> expand(const std::vector<std::string>& names) const;
  // Puts the middlewares in front of `last`. Errors: one cannot be made from its options.
  Result<std::shared_ptr<const http::Handler>> wrap(const MiddlewareList& list,
                                                    std::shared_ptr<const http::Handler> last) const;
  // Makes each configured middleware once and throws it away, so that also unused ones show what is wrong with them.
  void check_all() const;

 private:
  Result<> expand_into(std::string_view name, std::vector<std::string_view>& path, MiddlewareList& list) const;

  const config::dynamic::Configuration& configuration_;
  RuntimeReport& report_;
};

}  // namespace fl::proxy
