// Builds HTTP routers and puts them in the order of each entry point. What did not change since the build before is
// taken over as it is. Main thread; lives for one build.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/build/middleware_chain.h"
#include "proxy/build/service_builder.h"
#include "proxy/rules/rule.h"
#include "proxy/snapshot.h"
#include "proxy/snapshot_builder.h"

namespace fl::proxy {

using RouterEntry = config::Objects<config::dynamic::Router>::EntryPtr;

// What is kept of a router from one build to the next.
struct BuiltRouter {
  RouterEntry configuration;
  MiddlewareList chain;
  HandlerPtr service;
  std::shared_ptr<const rules::Rule> rule;
  std::shared_ptr<const RouterSnapshot> snapshot;
  config::Objects<RouterReport>::EntryPtr report;  // null: it tells of mistakes in the text, too
  std::string_view name() const { return configuration->first; }
};
using BuiltRouters = std::vector<std::shared_ptr<const BuiltRouter>>;

class RouterBuilder {
 public:
  RouterBuilder(const BuildInputs& inputs, RuntimeReport& report, const MiddlewareResolver& middlewares,
                ServiceBuilder& services)
      : inputs_(inputs), report_(report), middlewares_(middlewares), services_(services) {}

  // All routers of the report's configuration that can serve, in the order of their names. `report` holds what is
  // wrong with routers already; the rest is added.
  BuiltRouters build_all(const BuiltRouters& before);
  // Those of one entry point. Highest priority first is the table's business; ties go by the providers' precedence,
  // then by name.
  EntryPointSnapshot entry_point(const std::string& name, const BuiltRouters& routers) const;

 private:
  // Fills `report` in; a router that cannot serve is an error.
  Result<std::shared_ptr<BuiltRouter>> build(const RouterEntry& entry, RouterReport& report, const BuiltRouter* before);
  // The service and the middlewares that a router names are the ones they were.
  bool leads_to_the_same(const config::dynamic::Router& router, const BuiltRouter& before);
  size_t precedence(std::string_view router) const;

  const BuildInputs& inputs_;
  RuntimeReport& report_;
  const MiddlewareResolver& middlewares_;
  ServiceBuilder& services_;
};

}  // namespace fl::proxy
