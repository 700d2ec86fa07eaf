// TCP routers of one entry point, and which of them a connection belongs to: the first that matches, by priority.
// Routers of other server names cost nothing. Immutable, part of a snapshot; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/routing/host_index.h"
#include "proxy/tcp/handler.h"
#include "proxy/tcp/rule.h"

namespace fl::proxy::tcp {

enum class TlsMode : uint8_t { none, terminate, passthrough };

// One router, ready to serve.
struct Router {
  std::string name;     // "db@file"
  std::string service;  // "db@file"
  std::shared_ptr<const Rule> rule;
  int64_t priority = 0;
  TlsMode tls = TlsMode::none;
  std::string tls_options;  // name, for `terminate`; a set that is not good refuses its clients
  HandlerPtr handler;       // middlewares, then the service
};
using RouterPtr = std::shared_ptr<const Router>;

// What the table thinks of one router for one connection.
struct Verdict {
  const Router* router = nullptr;
  std::string failed_matcher;  // empty when it matches
};

class RouterTable {
 public:
  RouterTable() = default;
  // Routers of equal priority are tried in the given order.
  explicit RouterTable(std::vector<RouterPtr> routers);

  // Null when none matches. No allocation.
  const RouterPtr* find(const ConnectionFacts& facts) const;
  // Every router in the order of priority. For `fairlead explain`.
  std::vector<Verdict> explain(const ConnectionFacts& facts) const;

  bool empty() const { return routers_.empty(); }

 private:
  std::vector<RouterPtr> routers_;  // highest priority first; positions below are into this
  routing::HostIndex exact_;        // rules that need a server name
  routing::HostIndex wildcard_;     // rules that need *.suffix, by ".suffix"
  std::vector<uint32_t> any_name_;  // all other rules, ascending
};

}  // namespace fl::proxy::tcp
