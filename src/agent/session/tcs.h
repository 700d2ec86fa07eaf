// TCS, the channel on which the agent says how its containers fare: health, usage, and that the engine works. Health is
// told as soon as it changes, everything every twenty seconds. Agent thread.
#pragma once

#include <string>
#include <vector>

#include "agent/session/acs.h"
#include "agent/session/channel.h"
#include "ecs/agent_protocol.h"

namespace fl::agent::session {

class TelemetrySource {
 public:
  virtual std::vector<ecs::agent::TaskHealth> task_health() const = 0;
  // Since the last call.
  virtual net::Task<std::vector<ecs::agent::TaskMetric>> task_metrics() = 0;

 protected:
  ~TelemetrySource() = default;
};

class TcsChannel final : public ChannelService {
 public:
  TcsChannel(ControlPlane& control_plane, const InstanceName& instance, TelemetrySource& source)
      : control_plane_(control_plane), instance_(instance), source_(source) {}

  net::Task<Result<std::string>> endpoint() override;
  QueryItems query() const override;
  net::Task<Error> serve(http::WebSocket& socket) override;
  net::Task<> on_ended(const Error&) override { co_return; }

  // Some container's health has changed.
  void on_health_changed();

 private:
  net::Task<> publish(http::WebSocket& socket, net::StopSource& ended);
  net::Task<> publish_health(http::WebSocket& socket);
  net::Task<> publish_metrics(http::WebSocket& socket);
  net::Task<> publish_status(http::WebSocket& socket);
  net::Task<> send(http::WebSocket& socket, std::string body);

  ControlPlane& control_plane_;
  const InstanceName& instance_;
  TelemetrySource& source_;
  std::string endpoint_;
  WallTime since_{};                 // this connection began
  net::StopSource* bell_ = nullptr;  // rung when health has changed
  bool health_changed_ = false;
};

}  // namespace fl::agent::session
