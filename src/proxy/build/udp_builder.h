// Builds UDP services and routers. Main thread; lives for one build.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/build/service_builder.h"
#include "proxy/snapshot.h"
#include "proxy/snapshot_builder.h"
#include "proxy/udp/service.h"

namespace fl::proxy {

class UdpBuilder {
 public:
  UdpBuilder(const BuildInputs& inputs, const config::dynamic::Configuration& configuration, RuntimeReport& report,
             ServiceIdentities& identities)
      : inputs_(inputs), configuration_(configuration), report_(report), cursors_(identities.udp_cursors) {}

  // -> in the order of BuildInputs::udp_entry_points
  std::vector<UdpEntryPointSnapshot> build_all();

 private:
  Result<udp::ServicePtr> get(const std::string& name);
  Result<udp::ServicePtr> build(const std::string& name, const config::dynamic::UdpService& service);
  Result<udp::ServicePtr> router(const std::string& name, const config::dynamic::UdpRouter& options);

  const BuildInputs& inputs_;
  const config::dynamic::Configuration& configuration_;
  RuntimeReport& report_;
  CursorMap& cursors_;
  std::map<std::string, Result<udp::ServicePtr>> built_;
  std::set<std::string> building_;
};

}  // namespace fl::proxy
