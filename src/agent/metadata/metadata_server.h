// The task metadata endpoint, version 4 (3 by another name), the credentials endpoint and the agent's: what containers
// ask to learn who they are, and not to be stopped. A container is told apart by the random id in its URL, not by where
// it asks from. Agent thread.
//
//   /v4/ID  /v4/ID/task  /v4/ID/taskWithTags  /v4/ID/stats  /v4/ID/task/stats  (and /v3/...)  /v2/credentials/ID
//   /api/ID/task-protection/v1/state
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/engine/engine.h"
#include "agent/session/control_plane.h"
#include "agent/task/runner.h"
#include "base/result.h"
#include "ecs/agent_protocol.h"
#include "http/server.h"
#include "net/listener.h"

namespace fl::agent::metadata {

// What the endpoint tells of.
class TaskDirectory {
 public:
  virtual std::vector<const task::Runner*> runners() const = 0;
  // Null when there are none of that id.
  virtual const ecs::agent::RoleCredentials* credentials(std::string_view id) const = 0;

 protected:
  ~TaskDirectory() = default;
};

class MetadataServer {
 public:
  // Listens on `port`, or on a free one when that is taken or 0.
  static Result<std::unique_ptr<MetadataServer>> listen(net::Loop& loop, const TaskDirectory& tasks,
                                                        session::ControlPlane& control_plane, engine::Engine& engine,
                                                        const std::string& address, uint16_t port);
  ~MetadataServer();

  // On the same port of another address.
  Result<> listen_also(const std::string& address);
  // On a socket that listens already; it is ours from now on.
  void accept_on(int fd);

  uint16_t port() const { return port_; }
  // Ends every connection and waits for that.
  net::Task<> close();

 private:
  class Handler;
  MetadataServer(net::Loop& loop, const TaskDirectory& tasks, session::ControlPlane& control_plane,
                 engine::Engine& engine, uint16_t port);

  net::Loop& loop_;
  const uint16_t port_;
  std::unique_ptr<Handler> handler_;
  http::Server server_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  net::StopSource closed_;
};

}  // namespace fl::agent::metadata
