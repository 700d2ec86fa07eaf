// The records of one kind in one account and region, with the orders in which they are looked for. A value like
// OrderedSet: put() and erase() change this copy, never one that a reader holds.
//
// The first order is the primary one; its key names the record. An order may leave records out by having
// `static bool includes(const Record&)`.
#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include "control/state/ordered_set.h"

namespace fl::control::state {

template <class RecordType, class Primary, class... Others>
class Table {
 public:
  using Record = RecordType;
  using Pointer = std::shared_ptr<const Record>;
  using Key = decltype(Primary::key(std::declval<const Record&>()));

  static Key key(const Record& record) { return Primary::key(record); }

  // Null when there is none.
  const Record* find(const Key& key) const {
    const Pointer* found = by<Primary>().find(key);
    return found == nullptr ? nullptr : found->get();
  }
  Pointer share(const Key& key) const {
    const Pointer* found = by<Primary>().find(key);
    return found == nullptr ? nullptr : *found;
  }
  // All records in one of the orders.
  template <class Order>
  const OrderedSet<Record, Order>& by() const {
    return std::get<OrderedSet<Record, Order>>(sets_);
  }
  const OrderedSet<Record, Primary>& all() const { return by<Primary>(); }
  size_t size() const { return all().size(); }

  void put(const Pointer& record) {
    const Pointer old = share(Primary::key(*record));
    set<Primary>() = by<Primary>().with(record);
    (replace<Others>(old.get(), record), ...);
  }
  void erase(const Key& key) {
    const Pointer old = share(key);
    if (old == nullptr) return;
    (remove<Others>(*old), ...);
    set<Primary>() = by<Primary>().without(Primary::key(*old));
  }

 private:
  template <class Order>
  OrderedSet<Record, Order>& set() {
    return std::get<OrderedSet<Record, Order>>(sets_);
  }
  template <class Order>
  static bool includes(const Record& record) {
    if constexpr (requires { Order::includes(record); })
      return Order::includes(record);
    else
      return true;
  }
  template <class Order>
  void remove(const Record& old) {
    if (includes<Order>(old)) set<Order>() = by<Order>().without(Order::key(old));
  }
  template <class Order>
  void replace(const Record* old, const Pointer& record) {
    const bool stays = includes<Order>(*record);
    if (old != nullptr && !(stays && Order::key(*old) == Order::key(*record))) remove<Order>(*old);
    if (stays) set<Order>() = by<Order>().with(record);
  }

  std::tuple<OrderedSet<Record, Primary>, OrderedSet<Record, Others>...> sets_;
};

}  // namespace fl::control::state
