// One change of the state while it is being made: reads see the writes before them, and what was written is either
// committed as a whole or forgotten. Control thread; lives for one command.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "control/state/ids.h"
#include "control/state/record_codec.h"
#include "control/state/view.h"

namespace fl::control::runner {
class Capacities;
}

namespace fl::control::state {

// A record that a transaction put or erased.
struct Change {
  Kind kind;
  std::string key;  // the primary key's parts, joined by '/'
  bool erased = false;
  std::string cluster = {};  // of services, tasks, ...; empty for what belongs to none
};

class Transaction {
 public:
  // A write as the store takes it; encoded when it is asked for.
  struct Write {
    std::shared_ptr<const void> record;  // null: erased
    std::string (*encode)(const void*) = nullptr;
    std::string cluster;
  };

  Transaction(const View& base, Scope scope, WallTime now, IdSource& ids)
      : scope_(std::move(scope)), partition_(base.in(scope_)), now_(now), ids_(ids) {}

  const Scope& scope() const { return scope_; }
  // With what was written so far.
  const Partition& state() const { return partition_; }
  // Whole milliseconds, as AWS's timestamps have them.
  WallTime now() const { return now_; }
  IdSource& ids() { return ids_; }
  // Where placement looks; what it enters there, this transaction must write.
  runner::Capacities& capacities() const { return *capacities_; }
  // How long a task that is to stop goes on serving, for load balancers to hear of it.
  Duration drain_delay() const { return drain_delay_; }
  void set_placement(runner::Capacities* capacities, Duration drain_delay) {
    capacities_ = capacities;
    drain_delay_ = drain_delay;
  }

  template <class Record>
  void put(Record record) {
    auto& table = partition_.table<Record>();
    auto shared = std::make_shared<const Record>(std::move(record));
    table.put(shared);
    writes_[{kind_of<Record>(), key_text(table.key(*shared))}] = {
        shared, [](const void* r) { return to_text(*static_cast<const Record*>(r)); }, cluster_of(*shared)};
  }
  template <class Record>
  void erase(const Record& record) {
    auto& table = partition_.table<Record>();
    writes_[{kind_of<Record>(), key_text(table.key(record))}] = {nullptr, nullptr, cluster_of(record)};
    const auto keep = table.share(table.key(record));  // `record` may live in the table
    table.erase(table.key(record));
  }

  bool is_empty() const { return writes_.empty(); }
  // In the order of kind and key.
  const std::map<std::pair<Kind, std::string>, Write>& writes() const { return writes_; }
  std::vector<Change> changes() const;
  Partition take_partition() { return std::move(partition_); }

 private:
  template <class... Parts>
  static std::string key_text(const std::tuple<Parts...>& key) {
    std::string out;
    std::apply([&out](const auto&... part) { (append_part(out, part), ...); }, key);
    out.pop_back();
    return out;
  }
  static void append_part(std::string& out, std::string_view part);
  static void append_part(std::string& out, int64_t part);
  template <class Record>
  static std::string cluster_of(const Record& record) {
    if constexpr (std::is_same_v<Record, Cluster>)
      return record.name;
    else if constexpr (requires { record.cluster; })
      return record.cluster;
    else
      return {};
  }

  Scope scope_;
  Partition partition_;
  WallTime now_;
  IdSource& ids_;
  runner::Capacities* capacities_ = nullptr;
  Duration drain_delay_{};
  std::map<std::pair<Kind, std::string>, Write> writes_;
};

}  // namespace fl::control::state
