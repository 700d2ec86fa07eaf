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

const UsedBy& RuntimeReport::used_by() const {
  std::call_once(used_by_once_, [this] {
    for (const auto& [name, router] : configuration->http.routers) {
      used_by_.services[router.service].push_back(name);
      for (const std::string& middleware : router.middlewares) used_by_.middlewares[middleware].push_back(name);
    }
  });
  return used_by_;
}

}  // namespace fl::proxy
