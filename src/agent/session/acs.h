// ACS, the channel on which the control plane says what this instance is to run. Takes messages, has the agent act on
// them, acknowledges what was taken and kept. Agent thread; lives as long as the agent is registered.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "agent/session/channel.h"
#include "ecs/agent_protocol.h"

namespace fl::agent::session {

// What the agent does about messages.
class TaskAuthority {
 public:
  // Once it returns true, the task is kept on disk, or refused and the control plane knows it; a task that is known
  // only learns its desired status. On false the message is not acknowledged, so that it is sent again.
  virtual net::Task<bool> take_task(ecs::agent::Task task) = 0;
  virtual void take_credentials(const ecs::agent::RoleCredentials& credentials) = 0;
  // ARNs of the tasks that have not stopped.
  virtual std::vector<std::string> living_tasks() const = 0;
  virtual void stop_task(const std::string& arn, const std::string& reason) = 0;

 protected:
  ~TaskAuthority() = default;
};

struct InstanceName {
  std::string cluster, arn;
  std::string agent_version, agent_hash, engine_version;
};

// Why a control plane does not take this instance any more: somebody deregistered it, or it never knew it (its state is
// another than when the instance registered).
enum class Rejection { deregistered, unknown };

class AcsChannel final : public ChannelService {
 public:
  // `instance` may change between connections. `on_rejected` is waited for before the next attempt to connect.
  AcsChannel(ControlPlane& control_plane, const InstanceName& instance, TaskAuthority& tasks,
             std::function<net::Task<>(Rejection)> on_rejected);

  net::Task<Result<std::string>> endpoint() override;
  QueryItems query() const override;
  net::Task<Error> serve(http::WebSocket& socket) override;
  net::Task<> on_ended(const Error& error) override;

 private:
  net::Task<Result<>> dispatch(http::WebSocket& socket, const ecs::agent::Envelope& envelope);
  net::Task<> payload(http::WebSocket& socket, ecs::agent::PayloadMessage message);
  void manifest(http::WebSocket& socket, const ecs::agent::TaskManifestMessage& message);
  void acknowledge(http::WebSocket& socket, const std::optional<std::string>& message_id);
  void acknowledge_credentials(http::WebSocket& socket, const std::optional<ecs::agent::RoleCredentials>& credentials,
                               const std::optional<std::string>& message_id);

  ControlPlane& control_plane_;
  const InstanceName& instance_;
  TaskAuthority& tasks_;
  std::function<net::Task<>(Rejection)> on_rejected_;
  int64_t timeline_ = 0;  // of the newest manifest
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace fl::agent::session
