#include "control/agents/acs_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "control/api/names.h"
#include "control/tasks/transitions.h"
#include "ecs/arn.h"

namespace fl::control::agents {
namespace {

namespace agent = ecs::agent;

constexpr Duration kTick = 5s;

template <class Message>
std::optional<Message> read(const agent::Envelope& envelope) {
  Message message;
  if (const auto decoded = decode(envelope.message, message); !decoded) {
    log::warn("ACS: {}: {}", envelope.type, decoded.error().message);
    return std::nullopt;
  }
  return message;
}

int64_t milliseconds(WallTime t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

}  // namespace

AcsSession::AcsSession(http::WebSocket& socket, Links& links, InstanceKey key, const auth::TemporaryKeys& keys,
                       state::IdSource& ids)
    : socket_(socket),
      links_(links),
      key_(std::move(key)),
      keys_(keys),
      ids_(ids),
      loop_(net::Loop::current()),
      link_(std::make_shared<Link>(loop_, this)),
      last_heard_(loop_.now()),
      last_heartbeat_(loop_.now()),
      last_credentials_(loop_.now()) {}

net::Task<> AcsSession::run() {
  socket_.send_text(agent::to_text(agent::HeartbeatMessage{.message_id = ids_.uuid(), .healthy = true}));
  links_.attach(key_, link_);
  while (!is_ending_) {
    const auto message = co_await socket_.receive(loop_.now() + kTick);
    if (message) {
      last_heard_ = loop_.now();
      on_message(message->data);
    } else if (message.error().code != Code::timeout) {
      break;
    }
    on_tick();
    if (loop_.now() - last_heard_ > kSilence) break;
  }
  link_->listener = nullptr;
  links_.detach(key_, link_);
}

void AcsSession::on_attached(const std::shared_ptr<const state::View>& view) {
  is_attached_ = true;
  const auto* instance = view->in(key_.scope).instances().find({key_.cluster, key_.id});
  if (instance == nullptr || instance->shape.status == "INACTIVE") return on_detached(true);
  send_manifest(*view);
  refresh_credentials(*view);  // an agent that was started again has none for the tasks it took over
  send_due(*view, living_tasks(*view));
}

void AcsSession::on_tasks(const std::shared_ptr<const state::View>& view, const std::vector<std::string>& ids) {
  std::vector<const state::Task*> tasks;
  for (const std::string& id : ids)
    if (const state::Task* task = view->in(key_.scope).tasks().find({key_.cluster, id})) tasks.push_back(task);
  send_due(*view, tasks);
}

void AcsSession::on_detached(bool is_inactive) {
  if (!is_inactive) return end("Another connection of this instance is open.");
  socket_.send_text(agent::error_text("InactiveInstanceException", "The container instance is not registered."));
  is_ending_ = true;
  socket_.cancel();
}

void AcsSession::end(std::string reason) {
  socket_.send_text(agent::to_text(agent::CloseMessage{.message = std::move(reason)}));
  is_ending_ = true;
  socket_.cancel();
}

void AcsSession::on_message(std::string_view text) {
  const auto envelope = agent::parse_envelope(text);
  if (!envelope) return log::warn("ACS: {} {}: {}", key_.cluster, key_.id, envelope.error().message);
  if (envelope->type == agent::AckRequest::kType) {
    if (const auto ack = read<agent::AckRequest>(*envelope)) acknowledge(ecs::text(ack->message_id));
  } else if (envelope->type == agent::NackRequest::kType) {
    // It will report the tasks it cannot run; sending them again would not help.
    if (const auto nack = read<agent::NackRequest>(*envelope)) {
      log::warn("ACS: {} {} refuses a payload: {}", key_.cluster, key_.id, ecs::text(nack->reason));
      acknowledge(ecs::text(nack->message_id));
    }
  } else if (envelope->type == agent::TaskStopVerificationMessage::kType) {
    if (const auto question = read<agent::TaskStopVerificationMessage>(*envelope)) confirm_stops(*question);
  }
  // Acknowledged heartbeats and credentials need nothing: that something came is what counts.
}

void AcsSession::on_tick() {
  if (is_ending_ || !is_attached_) return;
  const TimePoint now = loop_.now();
  if (now - last_heartbeat_ >= kHeartbeat) {
    last_heartbeat_ = now;
    socket_.send_text(agent::to_text(agent::HeartbeatMessage{.message_id = ids_.uuid(), .healthy = true}));
  }
  const auto view = links_.view();
  if (now - last_credentials_ >= kRefresh) refresh_credentials(*view);
  std::vector<const state::Task*> late;
  for (const auto& [id, sent] : sent_) {
    if (sent.is_acknowledged || now - sent.at < kResend) continue;
    const state::Task* task = view->in(key_.scope).tasks().find({key_.cluster, id});
    // What it has reported since, it has heard of.
    if (task != nullptr && (tasks::is_agent_to_stop(*task) || task->shape.last_status == "PENDING"))
      late.push_back(task);
  }
  send_payload(*view, std::move(late));
}

std::vector<const state::Task*> AcsSession::living_tasks(const state::View& view) const {
  std::vector<const state::Task*> out;
  const state::TaskTable& tasks = view.in(key_.scope).tasks();
  for (const auto& task : tasks.by<state::task::ByInstance>().range(std::tuple(key_.cluster, key_.id)))
    if (!tasks::is_stopped(*task)) out.push_back(task.get());
  return out;
}

// What the agent has and this does not list, it asks about and stops.
void AcsSession::send_manifest(const state::View& view) {
  agent::TaskManifestMessage manifest{.cluster_arn = api::cluster_arn(key_.scope, key_.cluster),
                                      .container_instance_arn = api::instance_arn(key_.scope, key_.cluster, key_.id),
                                      .message_id = ids_.uuid(),
                                      .generated_at = milliseconds(loop_.wall()),
                                      .timeline = view.revision(),
                                      .tasks = std::vector<agent::TaskIdentifier>()};
  for (const state::Task* task : living_tasks(view))
    manifest.tasks->push_back({.task_arn = task->shape.task_arn,
                               .task_cluster_arn = task->shape.cluster_arn,
                               .desired_status = tasks::is_agent_to_stop(*task) ? "STOPPED" : "RUNNING"});
  socket_.send_text(agent::to_text(manifest));
}

bool AcsSession::is_due(const state::Task& task) {
  const auto sent = sent_.find(task.id);
  if (tasks::is_stopped(task)) {
    if (sent != sent_.end()) sent_.erase(sent);
    return false;
  }
  if (tasks::is_agent_to_stop(task)) return sent == sent_.end() || !sent->second.is_stop;
  return task.shape.last_status == "PENDING" && sent == sent_.end();
}

void AcsSession::send_due(const state::View& view, const std::vector<const state::Task*>& tasks) {
  std::vector<const state::Task*> due;
  std::ranges::copy_if(tasks, std::back_inserter(due), [this](const state::Task* task) { return is_due(*task); });
  send_payload(view, std::move(due));
}

void AcsSession::send_payload(const state::View& view, std::vector<const state::Task*> due) {
  for (size_t first = 0; first < due.size(); first += kTasksInPayload) {
    agent::PayloadMessage payload{.cluster_arn = api::cluster_arn(key_.scope, key_.cluster),
                                  .container_instance_arn = api::instance_arn(key_.scope, key_.cluster, key_.id),
                                  .message_id = ids_.uuid(),
                                  .seq_num = view.revision(),
                                  .generated_at = milliseconds(loop_.wall()),
                                  .tasks = std::vector<agent::Task>()};
    for (size_t i = first; i < std::min(due.size(), first + kTasksInPayload); ++i) {
      const state::Task& task = *due[i];
      const auto* definition = view.in(key_.scope).task_definitions().find({task.family, task.revision});
      if (definition == nullptr) continue;  // deleted: the task can only be lost
      payload.tasks->push_back(
          make_payload(key_.scope, task, definition->shape, credentials_of(task, definition->shape)));
      // A task that is DEACTIVATING goes on for its agent.
      payload.tasks->back().desired_status = tasks::is_agent_to_stop(task) ? "STOPPED" : "RUNNING";
      sent_[task.id] = {.is_stop = tasks::is_agent_to_stop(task), .message_id = *payload.message_id, .at = loop_.now()};
    }
    if (!payload.tasks->empty()) socket_.send_text(agent::to_text(payload));
  }
}

void AcsSession::acknowledge(std::string_view message_id) {
  for (auto& [id, sent] : sent_)
    if (sent.message_id == message_id) sent.is_acknowledged = true;
}

void AcsSession::confirm_stops(const agent::TaskStopVerificationMessage& question) {
  if (!is_attached_) return;
  const auto view = links_.view();
  agent::TaskStopVerificationAck answer{.message_id = question.message_id,
                                        .generated_at = milliseconds(loop_.wall()),
                                        .stop_tasks = std::vector<agent::TaskIdentifier>()};
  for (const agent::TaskIdentifier& candidate : ecs::items(question.stop_candidates)) {
    const std::string_view id = ecs::short_name(ecs::text(candidate.task_arn));
    const state::Task* task = view->in(key_.scope).tasks().find({key_.cluster, id});
    const bool lives = task != nullptr && task->instance == key_.id && !tasks::is_stopped(*task);
    if (lives) continue;
    answer.stop_tasks->push_back(candidate);
    answer.stop_tasks->back().desired_status = "STOPPED";
  }
  socket_.send_text(agent::to_text(answer));
}

std::optional<agent::RoleCredentials> AcsSession::mint(const std::string& id, const std::string& role,
                                                       const state::Task& task) const {
  if (id.empty() || role.empty()) return std::nullopt;
  const std::string_view name = ecs::short_name(role);
  const std::string arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", key_.scope.account, name, task.id);
  const WallTime expires = loop_.wall() + kCredentials;
  const aws::Credentials keys = keys_.mint(key_.scope.account, arn, fmt::format("{}:{}", name, task.id), expires);
  return agent::RoleCredentials{.credentials_id = id,
                                .role_arn = role,
                                .access_key_id = keys.access_key_id,
                                .secret_access_key = keys.secret_access_key,
                                .session_token = keys.session_token,
                                .expiration = format_rfc3339(std::chrono::floor<std::chrono::seconds>(expires))};
}

TaskCredentials AcsSession::credentials_of(const state::Task& task, const ecs::TaskDefinition& definition) const {
  return {.task = mint(task.credentials_id, task_role_of(task, definition), task),
          .execution = mint(task.execution_credentials_id, execution_role_of(task, definition), task)};
}

void AcsSession::refresh_credentials(const state::View& view) {
  last_credentials_ = loop_.now();
  for (const state::Task* task : living_tasks(view)) {
    const auto* definition = view.in(key_.scope).task_definitions().find({task->family, task->revision});
    if (definition == nullptr) continue;
    const TaskCredentials fresh = credentials_of(*task, definition->shape);
    const auto send = [&](const std::optional<agent::RoleCredentials>& credentials, std::string_view type) {
      if (!credentials) return;
      socket_.send_text(agent::to_text(agent::IamRoleCredentialsMessage{.message_id = ids_.uuid(),
                                                                        .task_arn = task->shape.task_arn,
                                                                        .task_cluster_arn = task->shape.cluster_arn,
                                                                        .role_type = std::string(type),
                                                                        .role_credentials = credentials}));
    };
    send(fresh.task, "TaskApplication");
    send(fresh.execution, "TaskExecution");
  }
}

}  // namespace fl::control::agents
