// Which container instances have an agent on the line, and what of theirs has changed. Control thread. A session lives
// on its API thread's loop; it is reached by post() there, through a link that it cuts when it ends.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "control/runner/due.h"
#include "control/state/writer.h"

namespace fl::control::agents {

struct InstanceKey {
  state::Scope scope;
  std::string cluster, id;
  auto operator<=>(const InstanceKey&) const = default;
};

// What a session hears, on its own loop.
class LinkListener {
 public:
  // First: everything there is for the instance may have to be sent.
  virtual void on_attached(const std::shared_ptr<const state::View>& view) = 0;
  // Tasks (by id) of this instance that have changed since.
  virtual void on_tasks(const std::shared_ptr<const state::View>& view, const std::vector<std::string>& ids) = 0;
  // The instance is no longer registered, or another connection speaks for it now. Last.
  virtual void on_detached(bool is_inactive) = 0;

 protected:
  ~LinkListener() = default;
};

struct Link {
  net::Loop& home;
  LinkListener* listener;  // home's thread; null when it has ended
};

class Links {
 public:
  explicit Links(state::Writer& writer);

  // ---- any thread
  void attach(InstanceKey key, std::shared_ptr<Link> link);
  void detach(InstanceKey key, std::shared_ptr<Link> link);
  // The newest. Not to be kept: an old view keeps alive all that has changed since.
  std::shared_ptr<const state::View> view() const { return writer_.view(); }

  // From registration to connection.
  static constexpr Duration kExpected = 60s;

 private:
  void on_commit(const state::Commit& commit);
  // agentConnected; what it is already is left alone.
  void set_connected(const InstanceKey& key, bool connected);

  state::Writer& writer_;
  std::map<InstanceKey, std::shared_ptr<Link>> links_;
  // Instances that count as connected, as one does that has just registered, and have no link yet.
  runner::DueQueue<InstanceKey> expected_;
};

}  // namespace fl::control::agents
