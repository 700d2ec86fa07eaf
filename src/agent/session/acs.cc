#include "agent/session/acs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "ecs/shape.h"

namespace fl::agent::session {
namespace {

using namespace ecs::agent;
using ecs::items;
using ecs::text;

// The control plane sends something at least every minute; silence as long as this, and a random part, is a dead
// connection. As amazon-ecs-agent.
constexpr Duration kSilence = 5min;

template <class Message>
Result<Message> read(const Envelope& envelope) {
  Message message;
  if (auto ok = decode(envelope.message, message); !ok)
    return tl::make_unexpected(std::move(ok).error().context(envelope.type));
  return message;
}

}  // namespace

AcsChannel::AcsChannel(ControlPlane& control_plane, const InstanceName& instance, TaskAuthority& tasks,
                       std::function<net::Task<>(Rejection)> on_rejected)
    : control_plane_(control_plane), instance_(instance), tasks_(tasks), on_rejected_(std::move(on_rejected)) {}

net::Task<Result<std::string>> AcsChannel::endpoint() {
  FL_CO_TRY(const ecs::DiscoverPollEndpointResponse answer,
            co_await control_plane_.call<ecs::op::DiscoverPollEndpoint>(
                {.container_instance = instance_.arn, .cluster = instance_.cluster}));
  if (!answer.endpoint) co_return fail(Code::unavailable, "DiscoverPollEndpoint names no endpoint");
  co_return *answer.endpoint;
}

QueryItems AcsChannel::query() const {
  return {{"agentHash", instance_.agent_hash},
          {"agentVersion", instance_.agent_version},
          {"clusterArn", instance_.cluster},
          {"containerInstanceArn", instance_.arn},
          {"dockerVersion", instance_.engine_version},
          {"protocolVersion", "2"},
          {"sendCredentials", "true"},
          {"seqNum", std::to_string(std::max<int64_t>(timeline_, 1))}};
}

net::Task<> AcsChannel::on_ended(const Error& error) {
  if (error.message.contains("InactiveInstanceException")) co_await on_rejected_(Rejection::deregistered);
  if (error.message.contains("InvalidInstanceException")) co_await on_rejected_(Rejection::unknown);
}

net::Task<Error> AcsChannel::serve(http::WebSocket& socket) {
  while (true) {
    const Duration silence =
        kSilence + std::chrono::duration_cast<Duration>(kSilence * std::uniform_real_distribution<>(0, 1)(random_));
    auto message = co_await socket.receive(control_plane_.fetcher().loop().now() + silence);
    if (!message) co_return std::move(message).error();
    auto envelope = parse_envelope(message->data);
    if (!envelope) {
      log::warn("ACS: a message that cannot be read is left out: {}", envelope.error().message);
      continue;
    }
    auto taken = co_await dispatch(socket, *envelope);
    if (!taken) co_return std::move(taken).error();
  }
}

// Errors end the connection.
net::Task<Result<>> AcsChannel::dispatch(http::WebSocket& socket, const Envelope& envelope) {
  const auto unreadable = [](const Error& error) {
    log::warn("ACS: a message that cannot be read is left out: {}", error.message);
    return Result<>();
  };
  if (envelope.type == HeartbeatMessage::kType) {
    const auto message = read<HeartbeatMessage>(envelope);
    if (!message) co_return unreadable(message.error());
    socket.send_text(to_text(HeartbeatAckRequest{message->message_id}));
  } else if (envelope.type == PayloadMessage::kType) {
    auto message = read<PayloadMessage>(envelope);
    if (message) {
      co_await payload(socket, std::move(*message));
      co_return Result<>();
    }
    // What it names can be told at least, so that its tasks do not wait for ever.
    const std::string id(envelope.message.string_at("messageId"));
    socket.send_text(to_text(NackRequest{instance_.cluster, instance_.arn, id, message.error().message}));
    co_return unreadable(message.error());
  } else if (envelope.type == TaskManifestMessage::kType) {
    const auto message = read<TaskManifestMessage>(envelope);
    if (!message) co_return unreadable(message.error());
    manifest(socket, *message);
  } else if (envelope.type == TaskStopVerificationAck::kType) {
    const auto message = read<TaskStopVerificationAck>(envelope);
    if (!message) co_return unreadable(message.error());
    for (const TaskIdentifier& task : items(message->stop_tasks))
      tasks_.stop_task(std::string(text(task.task_arn)), "Task is not in the manifest of this container instance");
  } else if (envelope.type == IamRoleCredentialsMessage::kType) {
    const auto message = read<IamRoleCredentialsMessage>(envelope);
    if (!message) co_return unreadable(message.error());
    if (message->role_credentials) tasks_.take_credentials(*message->role_credentials);
    acknowledge_credentials(socket, message->role_credentials, message->message_id);
  } else if (envelope.type == CloseMessage::kType) {
    co_return fail(Code::unavailable, "the control plane asks for another connection");
  } else if (envelope.type.ends_with("Exception")) {
    co_return fail(Code::unavailable, fmt::format("{}: {}", envelope.type, envelope.message.string_at("message")));
  } else {
    log::debug("ACS: a message of type {} is left out", envelope.type);
  }
  co_return Result<>();
}

net::Task<> AcsChannel::payload(http::WebSocket& socket, PayloadMessage message) {
  std::vector<std::optional<RoleCredentials>> credentials;
  bool all_taken = true;
  for (Task& task : message.tasks.value_or(std::vector<Task>{})) {
    for (const auto* role : {&task.role_credentials, &task.execution_role_credentials}) {
      if (*role) tasks_.take_credentials(**role);
      credentials.push_back(*role);
    }
    const bool is_taken = co_await tasks_.take_task(std::move(task));
    all_taken = all_taken && is_taken;
  }
  for (const auto& role : credentials) acknowledge_credentials(socket, role, message.message_id);
  if (all_taken) acknowledge(socket, message.message_id);
}

void AcsChannel::manifest(http::WebSocket& socket, const TaskManifestMessage& message) {
  acknowledge(socket, message.message_id);
  const int64_t timeline = message.timeline.value_or(0);
  if (timeline < timeline_) return;  // an older one, overtaken
  timeline_ = timeline;
  std::set<std::string, std::less<>> wanted;
  for (const TaskIdentifier& task : items(message.tasks))
    if (text(task.desired_status) != "STOPPED") wanted.emplace(text(task.task_arn));
  std::vector<TaskIdentifier> candidates;
  for (const std::string& arn : tasks_.living_tasks())
    if (!wanted.contains(arn))
      candidates.push_back(
          {.task_arn = arn,
           .task_cluster_arn = text(message.cluster_arn).empty() ? std::optional<std::string>() : message.cluster_arn,
           .desired_status = "STOPPED"});
  if (candidates.empty()) return;
  log::info("ACS: {} tasks here are not in the manifest; asking whether to stop them", candidates.size());
  socket.send_text(to_text(TaskStopVerificationMessage{message.message_id, std::move(candidates)}));
}

void AcsChannel::acknowledge(http::WebSocket& socket, const std::optional<std::string>& message_id) {
  socket.send_text(to_text(AckRequest{instance_.cluster, instance_.arn, message_id}));
}

void AcsChannel::acknowledge_credentials(http::WebSocket& socket, const std::optional<RoleCredentials>& credentials,
                                         const std::optional<std::string>& message_id) {
  if (!credentials || text(credentials->credentials_id).empty()) return;
  socket.send_text(
      to_text(IamRoleCredentialsAckRequest{credentials->credentials_id, credentials->expiration, message_id}));
}

}  // namespace fl::agent::session
