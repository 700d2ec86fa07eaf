#include "proxy/build/router_tree.h"

#include <fmt/format.h>

#include <algorithm>

namespace fl::proxy {
namespace {

constexpr size_t kMostLayers = 64;

}  // namespace

RouterTree::RouterTree(const Routers& routers) {
  std::vector<Entry> members;
  for (auto it = routers.begin(); it != routers.end(); ++it)
    if (!it->second.parent_refs.empty()) adopt(members.emplace_back(it.entry()), routers);
  if (members.empty()) return;

  std::vector<std::string_view> path;
  for (auto it = routers.begin(); it != routers.end(); ++it) {
    if (!it->second.parent_refs.empty() || !children_.contains(it->first)) continue;
    walk(it->first, path);
    members.push_back(it.entry());
  }
  for (const Entry& member : members) check(member);
}

void RouterTree::adopt(const Entry& child, const Routers& routers) {
  const auto& [name, router] = *child;
  for (const std::string& parent : router.parent_refs) {
    const auto it = routers.find(parent);
    if (it == routers.end()) {
      add(name, fmt::format("parent router \"{}\" does not exist", parent));
      continue;
    }
    std::vector<Entry>& siblings = children_[it->first];
    if (std::ranges::find(siblings, child) == siblings.end()) siblings.push_back(child);
  }
  if (router.tls)
    add(name, "non-root router cannot have TLS configuration");
  else if (router.observability)
    add(name, "non-root router cannot have Observability configuration");
  else if (!router.entry_points.empty())
    add(name, "non-root router cannot have Entrypoints configuration");
}

void RouterTree::walk(std::string_view router, std::vector<std::string_view>& path) {
  if (std::ranges::find(path, router) != path.end()) return cut(router, path);
  if (path.size() == kMostLayers)
    return add(router, fmt::format("there are more than {} routers above this one", kMostLayers));
  if (!reached_.insert(router).second) return;
  path.push_back(router);
  const std::vector<Entry> below = children(router);  // a copy: a circle is cut meanwhile
  for (const Entry& child : below) walk(child->first, path);
  path.pop_back();
}

void RouterTree::cut(std::string_view victim, const std::vector<std::string_view>& path) {
  std::string circle;
  for (auto it = std::ranges::find(path, victim); it != path.end(); ++it) circle += fmt::format("{} -> ", *it);
  add(path.back(), fmt::format("cyclic reference detected in router tree: {}{}", circle, victim), false);
  std::erase_if(children_[path.back()], [victim](const Entry& child) { return child->first == victim; });
}

void RouterTree::check(const Entry& router) {
  const std::string_view name = router->first;
  const bool is_parent = !children(name).empty();
  if (!reached_.contains(name))
    add(name, "router is not reachable");
  else if (router->second.service.empty() && !is_parent)
    add(name, "router has no service and no child routers");
  else if (!router->second.service.empty() && is_parent)
    add(name, "router has both a service and is referenced as a parent by other routers");
}

const std::vector<RouterTree::Entry>& RouterTree::children(std::string_view parent) const {
  static const std::vector<Entry> none;
  const auto it = children_.find(parent);
  return it == children_.end() ? none : it->second;
}

bool RouterTree::add_issues(std::string_view router, RouterReport& report) const {
  const auto it = issues_.find(router);
  if (it == issues_.end()) return true;
  for (const Issue& issue : it->second) issue.disables ? report.disable(issue.text) : report.warn(issue.text);
  return std::ranges::none_of(it->second, &Issue::disables);
}

}  // namespace fl::proxy
