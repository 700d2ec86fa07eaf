#include "proxy/service/child_picker.h"

#include <algorithm>

#include "base/crypto.h"
#include "proxy/transaction.h"

namespace fl::proxy {
namespace {

std::vector<int64_t> turn_weights(const std::vector<ChildPicker::Child>& children) {
  std::vector<int64_t> weights;
  for (const auto& child : children) weights.push_back(child.only_by_cookie ? 0 : child.weight);
  return weights;
}

}  // namespace

ChildPicker::ChildPicker(std::string_view service, const std::vector<Child>& children,
                         const std::optional<config::dynamic::Cookie>& cookie, std::shared_ptr<const TurnCursor> cursor)
    : order_(turn_weights(children), fnv1a64(service)), cursor_(std::move(cursor)) {
  for (const Child& child : children) exists_.push_back(child.weight > 0);
  if (std::ranges::any_of(children, [](const Child& child) { return child.health != nullptr; }))
    for (const Child& child : children) health_.push_back(child.health);
  if (!cookie) return;
  std::vector<Sticky::Child> names;
  for (const Child& child : children) names.push_back({child.name, child.other_name});
  sticky_.emplace(*cookie, service, names);
}

int ChildPicker::next(http::Exchange& x) const {
  Worker& worker = Transaction::of(x).worker;
  const TimePoint now = worker.loop().now();
  // A whole round at most: then everyone has been asked.
  for (size_t left = order_.size(); left > 0; --left) {
    const uint32_t child = order_.at(worker.lease(cursor_->slot.number()).take(*cursor_, now));
    if (may_take(child, now)) return static_cast<int>(child);
  }
  return -1;
}

ChildPicker::Choice ChildPicker::pick(http::Exchange& x) const {
  if (!sticky_) return {next(x), false};
  const Sticky::Choice known = sticky_->find(x.request.headers);
  if (known.child >= 0 && may_take(static_cast<size_t>(known.child), Transaction::of(x).worker.loop().now()))
    return {known.child, known.renew};
  return {next(x), true};
}

}  // namespace fl::proxy
