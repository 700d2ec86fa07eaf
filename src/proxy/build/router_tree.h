// Which routers stand behind which (Traefik: multi-layer routing, parentRefs), and what is wrong with that. Pure; views
// into the configuration.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/dynamic/configuration.h"
#include "proxy/runtime_report.h"

namespace fl::proxy {

class RouterTree {
 public:
  using Routers = config::Objects<config::dynamic::Router>;
  using Entry = Routers::EntryPtr;

  explicit RouterTree(const Routers& routers);

  // Those that are asked after the middlewares of this one, by name; a circle is cut where it closes.
  const std::vector<Entry>& children(std::string_view parent) const;
  // Something is wrong with a router's place in the tree.
  bool has_issues(std::string_view router) const { return issues_.contains(router); }
  // Adds what it is to its report. -> the router may serve all the same
  bool add_issues(std::string_view router, RouterReport& report) const;

 private:
  struct Issue {
    std::string text;
    bool disables = true;
  };
  void adopt(const Entry& child, const Routers& routers);
  void walk(std::string_view router, std::vector<std::string_view>& path);
  void cut(std::string_view victim, const std::vector<std::string_view>& path);
  void check(const Entry& router);
  void add(std::string_view router, std::string text, bool disables = true) {
    issues_[router].push_back({std::move(text), disables});
  }

  std::map<std::string_view, std::vector<Entry>, std::less<>> children_;
  std::map<std::string_view, std::vector<Issue>, std::less<>> issues_;
  std::set<std::string_view, std::less<>> reached_;
};

}  // namespace fl::proxy
