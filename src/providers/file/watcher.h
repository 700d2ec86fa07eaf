// Tells that something happened to watched files, once things have settled. inotify on the main thread's loop; the
// owner looks for itself what changed.
//
// A write that is closed, a rename or a removal has settled after kSettled without another; a file that was made or
// written to but not closed after kBusy. Nothing waits longer than kLongest.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "providers/file/paths.h"

namespace fl::providers::file {

class Watcher final : public net::Pollable {
 public:
  static constexpr Duration kSettled = 5ms;
  static constexpr Duration kBusy = 100ms;
  static constexpr Duration kLongest = 1s;

  Watcher(net::Loop& loop, std::move_only_function<void()> on_change);
  ~Watcher();

  // Replaces what is watched. To be called before looking at the files, so that no change falls in between.
  // Errors: inotify is not to be had, or a limit is reached (fs.inotify.max_user_watches). Directories that do not
  // exist are left out.
  Result<> watch(const Watched& watched);

  void on_events(uint32_t epoll_events) noexcept override;

 private:
  struct Alarm : net::Timer {
    Watcher& watcher;
    explicit Alarm(Watcher& w) : Timer(&Watcher::on_timer), watcher(w) {}
  };

  bool matters(int watch, uint32_t mask, std::string_view name) const;
  void settle_after(Duration time);
  static void on_timer(net::Timer& timer);

  net::Loop& loop_;
  std::move_only_function<void()> on_change_;
  int fd_ = -1;
  std::map<int, std::set<std::string, std::less<>>> names_;  // by watch descriptor; no names: all
  Alarm alarm_{*this};
  TimePoint first_event_{};  // of those not yet told
};

}  // namespace fl::providers::file
