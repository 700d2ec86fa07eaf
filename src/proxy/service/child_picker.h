// Which child of a balancer gets a request: the one its cookie names, else the one its strategy chooses. Immutable,
// shared by all workers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/dynamic/http.h"
#include "http/exchange.h"
#include "proxy/service/health.h"
#include "proxy/service/sticky.h"
#include "proxy/service/strategy.h"

namespace fl::proxy {

class ChildPicker {
 public:
  struct Child {
    std::string name;        // what a sticky cookie is made of: a server's URL, a service's name
    std::string other_name;  // accepted in cookies too; may be empty
    bool exists = true;      // in no other case it is chosen, by a cookie neither
    std::shared_ptr<const Health> health = nullptr;  // null: nobody checks it, it counts as well
  };
  // `strategy` knows the children by the same positions.
  ChildPicker(std::string_view service, const std::vector<Child>& children,
              const std::optional<config::dynamic::Cookie>& cookie, StrategyPtr strategy);

  struct Choice {
    int child = -1;           // position in the list; -1: there is none to pick, or none is well
    bool set_cookie = false;  // to be done once the child has answered
  };
  Choice pick(http::Exchange& exchange) const;
  void set_cookie(http::Exchange& exchange, int child) const { sticky_->set_cookie(exchange, child); }

 private:
  const StrategyPtr strategy_;
  std::vector<bool> exists_;
  std::vector<std::shared_ptr<const Health>> health_;  // empty when no child is checked
  std::optional<Sticky> sticky_;
};

}  // namespace fl::proxy
