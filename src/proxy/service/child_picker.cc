#include "proxy/service/child_picker.h"

#include <algorithm>

#include "proxy/transaction.h"

namespace fl::proxy {
ChildPicker::ChildPicker(std::string_view service, const std::vector<Child>& children,
                         const std::optional<config::dynamic::Cookie>& cookie, StrategyPtr strategy)
    : strategy_(std::move(strategy)) {
  for (const Child& child : children) exists_.push_back(child.exists);
  if (std::ranges::any_of(children, [](const Child& child) { return child.health != nullptr; }))
    for (const Child& child : children) health_.push_back(child.health);
  if (!cookie) return;
  std::vector<Sticky::Child> names;
  for (const Child& child : children) names.push_back({child.name, child.other_name});
  sticky_.emplace(*cookie, service, names);
}

ChildPicker::Choice ChildPicker::pick(http::Exchange& x) const {
  const Eligible eligible(exists_, health_, Transaction::of(x).worker.loop().now());
  if (!sticky_) return {strategy_->choose(x, eligible), false};
  const Sticky::Choice known = sticky_->find(x.request.headers);
  if (known.child >= 0 && eligible(static_cast<size_t>(known.child))) return {known.child, known.renew};
  return {strategy_->choose(x, eligible), true};
}

}  // namespace fl::proxy
