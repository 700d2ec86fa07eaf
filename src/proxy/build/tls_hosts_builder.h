// From the HTTPS routers of an entry point to the TLS options of its server names. Main thread; lives for one build.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/rules/rule.h"
#include "proxy/runtime_report.h"
#include "proxy/tls_hosts.h"

namespace fl::proxy {

class TlsHostsBuilder {
 public:
  explicit TlsHostsBuilder(config::Objects<RouterReport>& reports) : reports_(reports) {}

  // A router with TLS, also one that is disabled: its hosts are not to fall back on other options.
  void add(const std::string& name, const std::vector<std::string>& entry_points, const std::string& options,
           std::shared_ptr<const rules::Rule> rule) {
    routers_.push_back({&name, &entry_points, options, std::move(rule)});
  }

  // Routers that ask for different options for one host get a warning, and that host the default options. So do
  // routers that ask for options and name no host: at the handshake nothing but the host can be told.
  TlsHosts build(const std::string& entry_point) const;

 private:
  struct Router {
    const std::string* name;
    const std::vector<std::string>* entry_points;
    std::string options;
    std::shared_ptr<const rules::Rule> rule;
  };

  config::Objects<RouterReport>& reports_;
  std::vector<Router> routers_;
};

}  // namespace fl::proxy
