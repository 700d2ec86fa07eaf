// A WebSocket to the control plane that is kept up: connected, served, connected again with back-off until it is asked
// to stop. ACS and TCS are each one of these. Agent thread.
#pragma once

#include <functional>
#include <string>

#include "agent/session/backoff.h"
#include "agent/session/control_plane.h"
#include "net/stop.h"

namespace fl::agent::session {

// One connection's life: speaks on it until it ends. -> why it ended
class ChannelService {
 public:
  // Where and with which query; asked before each attempt.
  virtual net::Task<Result<std::string>> endpoint() = 0;
  virtual QueryItems query() const = 0;
  virtual net::Task<Error> serve(http::WebSocket& socket) = 0;
  // An attempt or a connection ended with this error. Called before the wait.
  virtual net::Task<> on_ended(const Error& error) = 0;

 protected:
  ~ChannelService() = default;
};

// Returns when `stop` is requested. `name` is for the log.
net::Task<> keep_connected(ControlPlane& control_plane, ChannelService& service, std::string name,
                           net::StopSource& stop);

}  // namespace fl::agent::session
