// Which child of a balancer gets a request: the one its cookie names, else the one whose turn it is. Immutable, shared
// by all workers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/dynamic/http.h"
#include "http/exchange.h"
#include "proxy/service/health.h"
#include "proxy/service/sticky.h"
#include "proxy/service/turns.h"

namespace fl::proxy {

class ChildPicker {
 public:
  struct Child {
    std::string name;        // what a sticky cookie is made of: a server's URL, a service's name
    std::string other_name;  // accepted in cookies too; may be empty
    int64_t weight = 1;      // 0 or less: does not exist
    bool only_by_cookie = false;
    std::shared_ptr<const Health> health = nullptr;  // null: nobody checks it, it counts as well
  };
  ChildPicker(std::string_view service, const std::vector<Child>& children,
              const std::optional<config::dynamic::Cookie>& cookie, std::shared_ptr<const TurnCursor> cursor);

  struct Choice {
    int child = -1;           // position in the list; -1: there is none to pick, or none is well
    bool set_cookie = false;  // to be done once the child has answered
  };
  Choice pick(http::Exchange& exchange) const;
  void set_cookie(http::Exchange& exchange, int child) const { sticky_->set_cookie(exchange, child); }

 private:
  int next(http::Exchange& exchange) const;
  bool may_take(size_t child, TimePoint now) const {
    return exists_[child] && (health_.empty() || health_[child] == nullptr || health_[child]->is_up(now));
  }

  TurnOrder order_;
  std::shared_ptr<const TurnCursor> cursor_;
  std::vector<bool> exists_;
  std::vector<std::shared_ptr<const Health>> health_;  // empty when no child is checked
  std::optional<Sticky> sticky_;
};

}  // namespace fl::proxy
