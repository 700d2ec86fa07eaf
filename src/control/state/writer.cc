#include "control/state/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/log.h"
#include "control/runner/capacities.h"

namespace fl::control::state {
namespace {

using Partitions = std::map<Scope, Partition>;

template <class T>
Result<bool> load_into(T& table, const store::Row& row) {
  using Record = typename T::Record;
  if (row.kind != kind_name(kind_of<Record>())) return false;
  auto record = from_text<Record>(row.value);
  if (!record) return tl::make_unexpected(std::move(record).error().context(fmt::format("{} {}", row.kind, row.key)));
  table.put(std::make_shared<const Record>(*std::move(record)));
  return true;
}

Result<> load_row(Partitions& partitions, const store::Row& row) {
  Partition& partition = partitions[{std::string(row.account), std::string(row.region)}];
  Result<bool> loaded = false;
  std::apply([&](auto&... table) { (void)((loaded = load_into(table, row), loaded && !*loaded) && ...); },
             partition.tables());
  if (!loaded) return tl::make_unexpected(std::move(loaded).error());
  if (!*loaded) return fail(Code::invalid, fmt::format("a record of the unknown kind {}", row.kind));
  return {};
}

}  // namespace

net::Task<Result<std::shared_ptr<const View>>> load_view(store::Store& store) {
  Partitions partitions;
  FL_CO_TRY(const Revision revision,
            co_await store.load([&partitions](const store::Row& row) { return load_row(partitions, row); }));
  auto view = std::make_shared<View>();
  view->set_revision(revision);
  for (auto& [scope, partition] : partitions) view->put(scope, std::make_shared<const Partition>(std::move(partition)));
  co_return std::shared_ptr<const View>(std::move(view));
}

Writer::Writer(net::Loop& control_loop, store::Store& store, std::shared_ptr<const View> loaded, IdSource ids)
    : loop_(control_loop), store_(store), ids_(std::move(ids)), view_(std::move(loaded)) {}

std::shared_ptr<const View> Writer::view() const {
  const std::scoped_lock lock(mutex_);
  return view_;
}

void Writer::submit(Scope scope, Command command, Done done) {
  if (closed_) {
    if (done) done(fail(Code::canceled, "the control plane is shutting down"));
    return;
  }
  queue_.push_back({std::move(scope), std::move(command), std::move(done)});
  if (!running_) run();
}

net::Detached Writer::run() {
  running_ = true;
  while (!queue_.empty()) {
    co_await net::yield();  // those that come in the same turn join the group
    co_await run_group();
  }
  running_ = false;
}

net::Task<> Writer::run_group() {
  std::vector<Entry> group;
  const auto last = queue_.begin() + static_cast<ptrdiff_t>(std::min(queue_.size(), kMaxGroup));
  group.assign(std::move_iterator(queue_.begin()), std::move_iterator(last));
  queue_.erase(queue_.begin(), last);

  const auto now = std::chrono::floor<std::chrono::milliseconds>(loop_.wall());
  auto next = std::make_shared<View>(*view_);
  auto commit = std::make_shared<Commit>();
  store::Batch batch{.expected = next->revision()};
  for (Entry& entry : group) run_one(entry, *next, batch, *commit, now);
  Result<> kept;
  if (!commit->accepted.empty()) {
    batch.revision = next->revision();
    kept = co_await store_.commit(std::move(batch));
    if (kept) {
      commit->view = std::move(next);
      publish(std::move(commit));
    } else {
      log::error("the state cannot be kept: {}", kept.error().message);
      if (capacities_ != nullptr) capacities_->forget_all();
    }
  }
  // When it failed, so has every command of the group: a later one may have seen what an earlier one wrote.
  for (Entry& entry : group)
    if (entry.done) entry.done(kept);
}

void Writer::run_one(Entry& entry, View& next, store::Batch& batch, Commit& commit, WallTime now) {
  Transaction transaction(next, entry.scope, now, ids_);
  transaction.set_placement(capacities_, drain_delay_);
  if (!entry.command(transaction)) {
    if (capacities_ != nullptr) capacities_->on_dropped();
    return;
  }
  if (capacities_ != nullptr) capacities_->on_accepted(transaction);
  if (transaction.is_empty()) return;
  const Revision revision = next.revision() + 1;
  for (const auto& [key, write] : transaction.writes())
    batch.writes.push_back({.account = entry.scope.account,
                            .region = entry.scope.region,
                            .kind = kind_name(key.first),
                            .key = key.second,
                            .value = write.record ? std::optional(write.encode(write.record.get())) : std::nullopt,
                            .revision = revision});
  commit.accepted.push_back({revision, entry.scope, transaction.changes()});
  next.put(entry.scope, std::make_shared<const Partition>(transaction.take_partition()));
  next.set_revision(revision);
}

void Writer::publish(std::shared_ptr<const Commit> commit) {
  {
    const std::scoped_lock lock(mutex_);
    view_ = commit->view;
  }
  for (const auto& listener : listeners_) listener(commit);
}

}  // namespace fl::control::state
