#include "control/agents/tcs_session.h"

#include <algorithm>

#include "base/log.h"
#include "control/state/transaction.h"
#include "control/tasks/transitions.h"
#include "ecs/arn.h"

namespace fl::control::agents {
namespace {

namespace agent = ecs::agent;

// Writes what differs of the reported health of one task. -> whether anything did
bool apply_task_health(state::Transaction& tx, const InstanceKey& key, const agent::TaskHealth& reported) {
  const auto* found = tx.state().tasks().find({key.cluster, ecs::short_name(ecs::text(reported.task_arn))});
  if (found == nullptr || found->instance != key.id) return false;
  const auto* definition = tx.state().task_definitions().find({found->family, found->revision});
  if (definition == nullptr) return false;
  state::Task task = *found;
  bool changed = false;
  for (const agent::ContainerHealth& container : ecs::items(reported.containers))
    changed |= tasks::apply_health(task, definition->shape, ecs::text(container.container_name),
                                   ecs::text(container.health_status), tx.now());
  if (changed) tx.put(std::move(task));
  return changed;
}

// Most reports say what is known: that is seen on the view, without waking the control thread.
bool is_news(const state::Partition& state, const InstanceKey& key, const agent::TaskHealth& reported) {
  const auto* task = state.tasks().find({key.cluster, ecs::short_name(ecs::text(reported.task_arn))});
  if (task == nullptr || tasks::is_stopped(*task)) return false;
  return std::ranges::any_of(ecs::items(reported.containers), [task](const agent::ContainerHealth& health) {
    return std::ranges::any_of(*task->shape.containers, [&health](const ecs::Container& container) {
      return container.name == health.container_name && container.health_status != health.health_status;
    });
  });
}

}  // namespace

TcsSession::TcsSession(http::WebSocket& socket, state::Writer& writer, InstanceKey key)
    : socket_(socket), writer_(writer), key_(std::move(key)) {}

net::Task<> TcsSession::run() {
  net::Loop& loop = net::Loop::current();
  TimePoint last_heard = loop.now();
  while (loop.now() - last_heard < kSilence) {
    const auto message = co_await socket_.receive(loop.now() + kHeartbeat);
    if (message) {
      last_heard = loop.now();
      co_await on_message(message->data);
    } else if (message.error().code == Code::timeout) {
      socket_.send_text(agent::to_text(agent::HeartbeatMessage{.healthy = true}));
    } else {
      break;
    }
  }
}

net::Task<> TcsSession::on_message(std::string_view text) {
  const auto envelope = agent::parse_envelope(agent::split_telemetry(text).body);
  if (!envelope) {
    log::warn("TCS: {} {}: {}", key_.cluster, key_.id, envelope.error().message);
    co_return;
  }
  if (envelope->type == agent::PublishHealthRequest::kType) {
    agent::PublishHealthRequest request;
    if (decode(envelope->message, request)) co_await put_health(std::move(request));
    socket_.send_text(agent::to_text(agent::AckPublishHealth{.message = "ok"}));
  } else if (envelope->type == agent::PublishInstanceStatusRequest::kType) {
    agent::PublishInstanceStatusRequest request;
    if (decode(envelope->message, request)) co_await put_status(std::move(request));
    socket_.send_text(agent::to_text(agent::AckPublishInstanceStatus{.message = "ok"}));
  } else {
    socket_.send_text(agent::to_text(agent::AckPublishMetric{.message = "ok"}));
  }
}

net::Task<> TcsSession::put_health(agent::PublishHealthRequest request) {
  const auto view = writer_.view();
  std::vector<agent::TaskHealth> news;
  for (agent::TaskHealth& task : *(request.tasks ? &*request.tasks : &news))
    if (is_news(view->in(key_.scope), key_, task)) news.push_back(std::move(task));
  if (news.empty()) co_return;
  const auto kept = co_await writer_.write(key_.scope, [key = key_, news = std::move(news)](state::Transaction& tx) {
    int changed = 0;
    for (const agent::TaskHealth& task : news) changed += apply_task_health(tx, key, task);
    return changed;
  });
  if (!kept) log::warn("TCS: {} {}: health not kept: {}", key_.cluster, key_.id, kept.error().message);
}

net::Task<> TcsSession::put_status(agent::PublishInstanceStatusRequest request) {
  ecs::ContainerInstanceHealthStatus health{.overall_status = "OK",
                                            .details = std::vector<ecs::InstanceHealthCheckResult>()};
  for (const agent::InstanceStatus& status : ecs::items(request.statuses)) {
    health.details->push_back({.type = status.type == "ContainerRuntime" ? "CONTAINER_RUNTIME" : status.type,
                               .status = status.status,
                               .last_status_change = status.last_status_change});
    if (status.status != "OK") health.overall_status = status.status;
  }
  const auto view = writer_.view();
  const auto* known = view->in(key_.scope).instances().find({key_.cluster, key_.id});
  if (known == nullptr || known->shape.health_status == health) co_return;
  const auto kept =
      co_await writer_.write(key_.scope, [key = key_, health = std::move(health)](state::Transaction& tx) {
        const auto* found = tx.state().instances().find({key.cluster, key.id});
        if (found == nullptr) return false;
        state::ContainerInstance instance = *found;
        instance.shape.health_status = health;
        tx.put(std::move(instance));
        return true;
      });
  if (!kept) log::warn("TCS: {} {}: status not kept: {}", key_.cluster, key_.id, kept.error().message);
}

}  // namespace fl::control::agents
