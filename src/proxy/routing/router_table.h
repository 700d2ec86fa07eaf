// The routers of one entry point, and which of them a request belongs to: the first that matches, by priority.
// Routers of other hosts cost nothing: a rule that cannot match without a certain host is only tried for that host.
// Immutable, part of a snapshot; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/routing/host_index.h"
#include "proxy/rules/rule.h"

namespace fl::proxy::routing {

struct Router {
  std::shared_ptr<const rules::Rule> rule;
  int64_t priority = 0;
  int id = 0;  // what find() answers; 0 or more
};

// What the table thinks of one router for one request.
struct Verdict {
  int id = 0;
  int64_t priority = 0;
  bool matches = false;
  std::string failed_matcher;  // which part of the rule said no, e.g. "!Method(`GET`)"; empty when it matches
};

class RouterTable {
 public:
  RouterTable() = default;
  // Routers of equal priority are tried in the given order.
  explicit RouterTable(std::vector<Router> routers);

  // The id of the router to use, or -1. No allocation.
  int find(const rules::RouteRequest& request) const;

  // Every router in the order of priority; the first that matches is the one find() answers. For `fairlead explain`.
  std::vector<Verdict> explain(const rules::RouteRequest& request) const;

  size_t size() const { return routers_.size(); }

 private:
  struct Entry {
    Router router;
    bool host_suffices = false;  // as its rule says, whose own memory is rarely in a cache among many
  };

  std::vector<Entry> routers_;      // highest priority first; positions below are into this
  HostIndex exact_;                 // rules that need a host
  HostIndex wildcard_;              // rules that need *.suffix, by ".suffix"
  std::vector<uint32_t> any_host_;  // all other rules, ascending
};

}  // namespace fl::proxy::routing
