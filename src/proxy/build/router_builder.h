// Builds HTTP routers and puts them in the order of each entry point. What did not change since the build before is
// taken over as it is. Main thread; lives for one build.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/build/middleware_chain.h"
#include "proxy/build/router_tree.h"
#include "proxy/build/service_builder.h"
#include "proxy/build/tls_hosts_builder.h"
#include "proxy/rules/rule.h"
#include "proxy/snapshot.h"
#include "proxy/snapshot_builder.h"

namespace fl::proxy {

using RouterEntry = config::Objects<config::dynamic::Router>::EntryPtr;

// What is kept of a router from one build to the next.
struct BuiltRouter {
  RouterEntry configuration;
  MiddlewareList chain;
  HandlerPtr service;                                        // null: `children` are asked
  std::vector<std::shared_ptr<const BuiltRouter>> children;  // those that can serve
  std::shared_ptr<const rules::Rule> rule;
  std::shared_ptr<const RouterSnapshot> snapshot;
  config::Objects<RouterReport>::EntryPtr report;  // null: it tells of mistakes in the text, too
  std::string_view name() const { return configuration->first; }
};
using BuiltRouters = std::vector<std::shared_ptr<const BuiltRouter>>;

class RouterBuilder {
 public:
  RouterBuilder(const BuildInputs& inputs, RuntimeReport& report, const MiddlewareResolver& middlewares,
                ServiceBuilder& services, const tls::ServerTls& tls)
      : inputs_(inputs),
        report_(report),
        middlewares_(middlewares),
        services_(services),
        tls_(tls),
        tls_hosts_(report.routers),
        tree_(report.configuration->http.routers) {}

  // All routers of the report's configuration that can serve, in the order of their names. `report` holds what is
  // wrong with routers already; the rest is added.
  BuiltRouters build_all(const BuiltRouters& before);
  // Those of one entry point.
  void fill(const std::string& entry_point, const BuiltRouters& routers, EntryPointSnapshot& snapshot) const;

 private:
  using Built = std::shared_ptr<const BuiltRouter>;
  using Reports = config::Objects<RouterReport>;

  // The router as it was, or a new one; null when it cannot serve. With its report. `was` may be null.
  Built make(const RouterEntry& entry, const Built* was, const Reports& wrong);
  // Fills `report` in; a router that cannot serve is an error.
  Result<std::shared_ptr<BuiltRouter>> build(const RouterEntry& entry, RouterReport& report, const BuiltRouter* before,
                                             const Reports& wrong);
  // The same, once for all its parents and itself.
  Built make_child(const RouterEntry& entry, const Reports& wrong);
  // Those of a router that can serve.
  std::vector<Built> children_of(std::string_view parent, const Reports& wrong);
  // What is behind its middlewares. Errors: no service, and no child that can serve.
  Result<HandlerPtr> build_target(const RouterEntry& entry, BuiltRouter& built, const Reports& wrong);
  // Highest priority first is the table's business; ties go by the providers' precedence, then by name.
  HttpRouters in_table(const BuiltRouters& routers) const;
  void add_tls_hosts(const RouterEntry& entry, std::shared_ptr<const rules::Rule> rule);
  // Errors: its TLS options are not there, or not good. Its hosts are then refused, not served with other options.
  Result<> check_tls(const RouterEntry& entry, std::shared_ptr<const rules::Rule> rule, RouterReport& report);
  // The service, the middlewares and the TLS options that a router names are the ones they were.
  bool leads_to_the_same(const RouterEntry& entry, const BuiltRouter& before, const Reports& wrong);

  const BuildInputs& inputs_;
  RuntimeReport& report_;
  const MiddlewareResolver& middlewares_;
  ServiceBuilder& services_;
  const tls::ServerTls& tls_;
  TlsHostsBuilder tls_hosts_;
  const RouterTree tree_;
  const BuiltRouters* before_ = nullptr;        // while build_all() runs
  std::map<std::string_view, Built> children_;  // made already; null: it cannot serve
};

}  // namespace fl::proxy
