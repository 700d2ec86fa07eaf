#include "proxy/service/child_picker.h"

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
  if (!cookie) return;
  std::vector<Sticky::Child> names;
  for (const Child& child : children) names.push_back({child.name, child.other_name});
  sticky_.emplace(*cookie, service, names);
}

int ChildPicker::next(http::Exchange& x) const {
  if (order_.empty()) return -1;
  Worker& worker = Transaction::of(x).worker;
  return static_cast<int>(order_.at(worker.lease(cursor_->slot.number()).take(*cursor_, worker.loop().now())));
}

ChildPicker::Choice ChildPicker::pick(http::Exchange& x) const {
  if (!sticky_) return {next(x), false};
  const Sticky::Choice known = sticky_->find(x.request.headers);
  if (known.child >= 0 && exists_[static_cast<size_t>(known.child)]) return {known.child, known.renew};
  return {next(x), true};
}

}  // namespace fl::proxy
