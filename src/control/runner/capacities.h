// What is free on the instances of each cluster, kept up to date with every accepted change, so that placing one task
// does not look at all of them. Control thread. What cannot be trusted any more is forgotten and made anew from the
// records when it is next asked for.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "control/schedule/capacity.h"
#include "control/state/transaction.h"

namespace fl::control::runner {

class Capacities {
 public:
  // Of a cluster, as the transaction sees it before it has written. What is placed there, the transaction must write.
  schedule::Capacity& of(const state::Transaction& transaction, const std::string& cluster);

  // ---- for the writer: each command ends with one of the two
  // In time for the command after, before the change is durable.
  void on_accepted(const state::Transaction& transaction);
  void on_dropped();
  // Changes that were accepted are not kept after all.
  void forget_all() { clusters_.clear(); }

 private:
  using Key = std::pair<state::Scope, std::string>;
  std::map<Key, std::unique_ptr<schedule::Capacity>> clusters_;
  std::set<Key> touched_;  // by the running command, which may have placed something
};

// Draws ids from the transaction's source.
class IdRandom final : public schedule::Random {
 public:
  explicit IdRandom(state::IdSource& ids) : ids_(ids) {}
  uint64_t next() override { return ids_.number(); }

 private:
  state::IdSource& ids_;
};

schedule::InstanceView to_view(const state::ContainerInstance& instance);
schedule::PlacedTask to_placed(const state::Task& task);

}  // namespace fl::control::runner
