// Tells watchers what changed: keeps the newest changes for those that come back, passes on each commit. Control
// thread; a watcher lives on its API thread's loop and is reached by post() there.
//
// While somebody watches, and a moment longer for those that ask again and again, tasks that are to stop get their
// drain delay.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>

#include "control/state/writer.h"

namespace fl::control::watch {

// What a watcher hears, on its own loop.
class WatchListener {
 public:
  // Once, first: where the watch begins. `missed`: what happened since the revision that was asked for; nullopt when
  // that is too long ago to know, or none was asked for.
  virtual void on_begin(state::Revision now, std::optional<std::vector<state::Accepted>> missed) = 0;
  virtual void on_commit(const state::Commit& commit) = 0;

 protected:
  ~WatchListener() = default;
};

struct WatchLink {
  net::Loop& home;
  WatchListener* listener;  // home's thread; null when it has ended
};

class WatchHub {
 public:
  WatchHub(state::Writer& writer, Duration drain_delay);

  // ---- any thread
  void attach(std::shared_ptr<WatchLink> link, std::optional<state::Revision> since);
  void detach(std::shared_ptr<WatchLink> link);

  static constexpr size_t kRemembered = 4096;  // changes of state
  static constexpr Duration kLinger = 5s;

 private:
  void on_commit(const std::shared_ptr<const state::Commit>& commit);
  void begin(const std::shared_ptr<WatchLink>& link, std::optional<state::Revision> since);

  struct LingerTimer : net::Timer {
    WatchHub& hub;
    explicit LingerTimer(WatchHub& h)
        : net::Timer([](net::Timer& t) { static_cast<LingerTimer&>(t).hub.writer_.set_drain_delay(0s); }), hub(h) {}
  };

  state::Writer& writer_;
  const Duration drain_delay_;
  std::set<std::shared_ptr<WatchLink>> links_;
  std::deque<state::Accepted> remembered_;  // oldest first, no gaps
  LingerTimer linger_;
};

}  // namespace fl::control::watch
