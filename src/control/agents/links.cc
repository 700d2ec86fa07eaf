#include "control/agents/links.h"

#include <functional>

#include "base/log.h"
#include "control/state/transaction.h"

namespace fl::control::agents {
namespace {

void tell(const std::shared_ptr<Link>& link, std::move_only_function<void(LinkListener&)> what) {
  link->home.post([link, what = std::move(what)]() mutable {
    if (link->listener != nullptr) what(*link->listener);
  });
}

std::string id_in(const std::string& key) { return key.substr(key.find('/') + 1); }

}  // namespace

Links::Links(state::Writer& writer)
    : writer_(writer), expected_(writer.loop(), [this](const InstanceKey& key) { set_connected(key, false); }) {
  writer_.add_listener([this](const std::shared_ptr<const state::Commit>& commit) { on_commit(*commit); });
}

void Links::attach(InstanceKey key, std::shared_ptr<Link> link) {
  writer_.loop().post([this, key = std::move(key), link = std::move(link)] {
    auto& now = links_[key];
    if (now != nullptr) tell(now, [](LinkListener& old) { old.on_detached(false); });
    now = link;
    expected_.erase(key);
    set_connected(key, true);
    tell(link, [view = writer_.view()](LinkListener& l) { l.on_attached(view); });
  });
}

void Links::detach(InstanceKey key, std::shared_ptr<Link> link) {
  writer_.loop().post([this, key = std::move(key), link = std::move(link)] {
    const auto found = links_.find(key);
    if (found == links_.end() || found->second != link) return;  // another has taken its place
    links_.erase(found);
    set_connected(key, false);
  });
}

void Links::set_connected(const InstanceKey& key, bool connected) {
  writer_.submit(key.scope, [key, connected](state::Transaction& tx) {
    const auto* found = tx.state().instances().find({key.cluster, key.id});
    if (found == nullptr || found->shape.agent_connected == connected || found->shape.status == "INACTIVE") return true;
    state::ContainerInstance instance = *found;
    instance.shape.agent_connected = connected;
    instance.shape.version = instance.shape.version.value_or(0) + 1;
    instance.disconnected_at = connected ? std::nullopt : std::optional(tx.now());
    tx.put(std::move(instance));
    return true;
  });
}

void Links::on_commit(const state::Commit& commit) {
  std::map<std::shared_ptr<Link>, std::vector<std::string>> changed;
  for (const state::Accepted& accepted : commit.accepted) {
    const state::Partition& state = commit.view->in(accepted.scope);
    for (const state::Change& change : accepted.changes) {
      if (change.kind == state::Kind::task) {
        const auto* task = state.tasks().find({change.cluster, id_in(change.key)});
        if (task == nullptr) continue;
        const auto link = links_.find({accepted.scope, task->cluster, task->instance});
        if (link != links_.end()) changed[link->second].push_back(task->id);
      } else if (change.kind == state::Kind::container_instance) {
        const InstanceKey key{accepted.scope, change.cluster, id_in(change.key)};
        const auto link = links_.find(key);
        const auto* instance = state.instances().find({key.cluster, key.id});
        if (instance != nullptr && instance->shape.status != "INACTIVE") {
          if (instance->shape.agent_connected == true && link == links_.end())
            expected_.set(key, writer_.loop().wall() + kExpected);
          continue;
        }
        expected_.erase(key);
        if (link == links_.end()) continue;
        tell(link->second, [](LinkListener& l) { l.on_detached(true); });
        links_.erase(link);
      }
    }
  }
  for (const auto& [link, ids] : changed)
    tell(link, [view = commit.view, ids](LinkListener& l) { l.on_tasks(view, ids); });
}

}  // namespace fl::control::agents
