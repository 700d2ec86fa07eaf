#include "proxy/runtime_report.h"

namespace fl::proxy {

std::string_view to_text(Status status) {
  switch (status) {
    case Status::enabled: return "enabled";
    case Status::warning: return "warning";
    case Status::disabled: return "disabled";
  }
  return "";
}

const RuntimeReport::UsedByProtocol& RuntimeReport::used_by() const {
  std::call_once(used_by_once_, [this] {
    const auto collect = [](const auto& routers, UsedBy& users) {
      for (const auto& [name, router] : routers) {
        users.services[router.service].push_back(name);
        if constexpr (requires { router.middlewares; })
          for (const std::string& middleware : router.middlewares) users.middlewares[middleware].push_back(name);
      }
    };
    collect(configuration->http.routers, used_by_.http);
    collect(configuration->tcp.routers, used_by_.tcp);
    collect(configuration->udp.routers, used_by_.udp);
  });
  return used_by_;
}

}  // namespace fl::proxy
