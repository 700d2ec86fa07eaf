#include "control/runner/runner.h"

#include "base/log.h"
#include "control/runner/plan_service.h"
#include "control/state/transaction.h"
#include "control/tasks/transitions.h"

namespace fl::control::runner {
namespace {

constexpr size_t kForgetAtOnce = 500;  // so that no transaction of ours holds others up for long

// A change's key is "cluster/name".
std::string name_in(const std::string& key) { return key.substr(key.find('/') + 1); }

// In one transaction the oldest of what is over.
void forget_stopped_tasks(state::Transaction& tx) {
  for (size_t i = 0; i < kForgetAtOnce; ++i) {
    const auto& stopped = tx.state().tasks().by<state::task::ByStopTime>();
    if (stopped.empty()) return;
    const auto oldest = *stopped.begin();
    if (*oldest->shape.stopped_at + Runner::kKeepStopped > tx.now()) return;
    tx.erase(*oldest);
  }
}
void forget_tokens(state::Transaction& tx) {
  for (size_t i = 0; i < kForgetAtOnce; ++i) {
    const auto& tokens = tx.state().client_tokens().by<state::ByAge>();
    if (tokens.empty()) return;
    const auto oldest = *tokens.begin();
    if (oldest->created_at + Runner::kKeepTokens > tx.now()) return;
    tx.erase(*oldest);
  }
}

void forget_service(state::Transaction& tx, const std::string& cluster, const std::string& name) {
  const auto service = tx.state().services().share({cluster, name});
  if (service == nullptr || service->shape.status != "INACTIVE") return;
  for (const auto& event : tx.state().service_events().all().range(std::tuple(cluster, name))) tx.erase(*event);
  tx.erase(*service);
}

}  // namespace

Runner::Runner(state::Writer& writer, RunnerOptions options)
    : writer_(writer), options_(options), due_(writer.loop(), [this](const Key& key) { on_due(key); }) {}

void Runner::start() {
  writer_.add_listener([this](const std::shared_ptr<const state::Commit>& commit) { on_commit(*commit); });
  const auto view = writer_.view();
  for (const auto& [scope, partition] : view->partitions()) {
    for (const auto& service : partition->services().all()) {
      mark(scope, service->cluster, service->name);
      if (service->shape.status == "INACTIVE")
        set_forget(Chore::forget_service, scope, service->cluster, service->name, service->changed_at);
    }
    for (const auto& task : partition->tasks().all()) {
      if (task->drain_until) due_.set({Chore::end_drain, scope, task->cluster, task->id}, *task->drain_until);
    }
    for (const auto& cluster : partition->clusters().all())
      if (cluster->shape.status == "INACTIVE")
        set_forget(Chore::forget_cluster, scope, cluster->name, "", cluster->changed_at);
    std::vector<std::pair<std::string, std::string>> away;
    for (const auto& instance : partition->instances().all()) {
      if (instance->shape.agent_connected == true) away.emplace_back(instance->cluster, instance->id);
      if (instance->shape.status == "INACTIVE" && instance->disconnected_at)
        set_forget(Chore::forget_instance, scope, instance->cluster, instance->id, *instance->disconnected_at);
    }
    watch_oldest(*partition, scope);
    if (away.empty()) continue;
    writer_.submit(scope, [away](state::Transaction& tx) {
      for (const auto& [cluster, id] : away) {
        const auto* found = tx.state().instances().find({cluster, id});
        if (found == nullptr || found->shape.agent_connected != true) continue;
        state::ContainerInstance instance = *found;
        instance.shape.agent_connected = false;
        instance.disconnected_at = tx.now();
        tx.put(std::move(instance));
      }
      return true;
    });
  }
  plan_marked();
}

void Runner::on_commit(const state::Commit& commit) {
  std::set<state::Scope> scopes;
  for (const state::Accepted& accepted : commit.accepted) {
    const state::Partition& state = commit.view->in(accepted.scope);
    for (const state::Change& change : accepted.changes) on_change(state, accepted.scope, change);
    scopes.insert(accepted.scope);
  }
  for (const state::Scope& scope : scopes) watch_oldest(commit.view->in(scope), scope);
  plan_marked();
}

void Runner::on_change(const state::Partition& state, const state::Scope& scope, const state::Change& change) {
  if (change.kind == state::Kind::task) {
    if (const auto* task = state.tasks().find({change.cluster, name_in(change.key)})) on_task(state, scope, *task);
  } else if (change.kind == state::Kind::service) {
    const auto* service = state.services().find({change.cluster, name_in(change.key)});
    if (service == nullptr) return;
    if (service->shape.status == "INACTIVE")
      set_forget(Chore::forget_service, scope, service->cluster, service->name, service->changed_at);
    else
      mark(scope, service->cluster, service->name);
  } else if (change.kind == state::Kind::container_instance) {
    mark_services(state, scope, change.cluster, false);
    const auto* instance = state.instances().find({change.cluster, name_in(change.key)});
    if (instance != nullptr && instance->shape.status == "INACTIVE" && instance->disconnected_at)
      set_forget(Chore::forget_instance, scope, instance->cluster, instance->id, *instance->disconnected_at);
  } else if (change.kind == state::Kind::cluster) {
    const auto* cluster = state.clusters().find({change.cluster});
    if (cluster != nullptr && cluster->shape.status == "INACTIVE")
      set_forget(Chore::forget_cluster, scope, cluster->name, "", cluster->changed_at);
  }
}

void Runner::on_task(const state::Partition& state, const state::Scope& scope, const state::Task& task) {
  const Key drain(Chore::end_drain, scope, task.cluster, task.id);
  if (task.drain_until)
    due_.set(drain, *task.drain_until);
  else
    due_.erase(drain);
  if (!task.service.empty() && !task.is_settled) mark(scope, task.cluster, task.service);
  if (tasks::is_stopped(task) && !task.is_settled)
    mark_services(state, scope, task.cluster, true);  // there is room now
}

void Runner::mark(const state::Scope& scope, const std::string& cluster, const std::string& service) {
  marked_.insert({Chore::plan, scope, cluster, service});
}

void Runner::mark_services(const state::Partition& state, const state::Scope& scope, const std::string& cluster,
                           bool only_unplaced) {
  for (const auto& service : state.services().all().range(std::tuple<state::Text>(cluster)))
    if (service->shape.status != "INACTIVE" && (!only_unplaced || service->state.placement_failure))
      mark(scope, cluster, service->name);
}

void Runner::plan_marked() {
  for (const Key& key : std::exchange(marked_, {})) plan(key);
}

void Runner::plan(const Key& key) {
  due_.erase(key);
  const auto& [chore, scope, cluster, service] = key;
  auto wakeup = std::make_shared<std::optional<WallTime>>();
  writer_.submit(
      scope,
      [this, key, wakeup](state::Transaction& tx) {
        *wakeup = plan_service(tx, std::get<2>(key), std::get<3>(key), options_.lost_after);
        return true;
      },
      [this, key, wakeup](Result<> kept) {
        if (!kept)
          due_.set(key, writer_.loop().wall() + kRetry);
        else if (*wakeup)
          due_.set(key, **wakeup);
      });
}

void Runner::on_due(const Key& key) {
  const auto& [chore, scope, cluster, name] = key;
  if (chore == Chore::plan) return plan(key);
  // What could not be kept is due again.
  const auto again = [this, key](Result<> kept) {
    if (!kept) due_.set(key, writer_.loop().wall() + kRetry);
  };
  writer_.submit(
      scope,
      [key](state::Transaction& tx) {
        const auto& [what, in, parent, own] = key;
        if (what == Chore::end_drain) {
          const auto* found = tx.state().tasks().find({parent, own});
          if (found == nullptr || !found->drain_until) return true;
          state::Task task = *found;
          tasks::end_drain(task, tx.now());
          tx.put(std::move(task));
        } else if (what == Chore::forget_task) {
          forget_stopped_tasks(tx);
        } else if (what == Chore::forget_token) {
          forget_tokens(tx);
        } else if (what == Chore::forget_service) {
          forget_service(tx, parent, own);
        } else if (what == Chore::forget_cluster) {
          const auto cluster_ = tx.state().clusters().share({parent});
          if (cluster_ != nullptr && cluster_->shape.status == "INACTIVE") tx.erase(*cluster_);
        } else if (what == Chore::forget_instance) {
          const auto instance = tx.state().instances().share({parent, own});
          if (instance != nullptr && instance->shape.status == "INACTIVE") tx.erase(*instance);
        }
        return true;
      },
      again);
}

void Runner::watch_oldest(const state::Partition& state, const state::Scope& scope) {
  const auto& stopped = state.tasks().by<state::task::ByStopTime>();
  if (!stopped.empty())
    due_.set({Chore::forget_task, scope, "", ""}, *stopped.begin()->shape.stopped_at + kKeepStopped);
  const auto& tokens = state.client_tokens().by<state::ByAge>();
  if (!tokens.empty()) due_.set({Chore::forget_token, scope, "", ""}, tokens.begin()->created_at + kKeepTokens);
}

void Runner::set_forget(Chore chore, const state::Scope& scope, const std::string& cluster, const std::string& name,
                        WallTime since) {
  due_.set({chore, scope, cluster, name}, since + kKeepStopped);
}

}  // namespace fl::control::runner
