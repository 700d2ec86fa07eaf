// ACS, the channel on which an agent hears what its instance is to run: one connection. On the loop of its API thread,
// from the handshake to the end of the connection.
//
//   connected -> heartbeat, manifest, every task the agent may not know of -> payloads as tasks change
//             <- acknowledgements; what is not acknowledged is sent again
//
// Which payloads are due follows from the state alone, so that nothing is queued or stored for an agent that is away.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/agents/links.h"
#include "control/agents/payload.h"
#include "control/auth/temporary_keys.h"
#include "http/websocket.h"

namespace fl::control::agents {

class AcsSession final : public LinkListener {
 public:
  // All outlive it. `ids`: for messages.
  AcsSession(http::WebSocket& socket, Links& links, InstanceKey key, const auth::TemporaryKeys& keys,
             state::IdSource& ids);

  net::Task<> run();
  // Says why, then ends.
  void end(std::string reason);

  void on_attached(const std::shared_ptr<const state::View>& view) override;
  void on_tasks(const std::shared_ptr<const state::View>& view, const std::vector<std::string>& ids) override;
  void on_detached(bool is_inactive) override;

  // The genuine agent gives up after minutes of silence; ours and the tests sooner.
  static constexpr Duration kHeartbeat = 30s;
  static constexpr Duration kSilence = 75s;  // of an agent that does not even answer heartbeats
  static constexpr Duration kResend = 10s;   // without an acknowledgement
  static constexpr Duration kCredentials = 6h, kRefresh = 3h;
  static constexpr size_t kTasksInPayload = 20;

 private:
  struct Sent {
    bool is_stop = false;
    bool is_acknowledged = false;
    std::string message_id;
    TimePoint at;
  };

  void on_message(std::string_view text);
  void on_tick();
  void send_manifest(const state::View& view);
  void send_due(const state::View& view, const std::vector<const state::Task*>& tasks);
  bool is_due(const state::Task& task);
  void send_payload(const state::View& view, std::vector<const state::Task*> tasks);
  void acknowledge(std::string_view message_id);
  void confirm_stops(const ecs::agent::TaskStopVerificationMessage& question);
  void refresh_credentials(const state::View& view);
  TaskCredentials credentials_of(const state::Task& task, const ecs::TaskDefinition& definition) const;
  std::optional<ecs::agent::RoleCredentials> mint(const std::string& id, const std::string& role,
                                                  const state::Task& task) const;
  std::vector<const state::Task*> living_tasks(const state::View& view) const;

  http::WebSocket& socket_;
  Links& links_;
  const InstanceKey key_;
  const auth::TemporaryKeys& keys_;
  state::IdSource& ids_;
  net::Loop& loop_;
  std::shared_ptr<Link> link_;
  bool is_attached_ = false;
  std::map<std::string, Sent, std::less<>> sent_;  // by task id, since this connection began
  TimePoint last_heard_, last_heartbeat_, last_credentials_;
  bool is_ending_ = false;
};

}  // namespace fl::control::agents
