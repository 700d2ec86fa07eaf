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

namespace fl::net {

// What matters in a directory: entries of these names; no names: all of them.
struct WatchedEntries {
  std::set<std::string, std::less<>> names;
  bool files = false;  // among them; otherwise they only lead on, and nobody minds what is written to others
};

struct Watched {
  std::map<std::string, WatchedEntries, std::less<>> directories;

  // Every directory on the way to `path`, with the one entry that leads on, through all symbolic links: whatever step
  // is replaced (Kubernetes swaps the link ..data), missing or made later, a watched directory sees it.
  void add_path(const std::string& path);
};

class FileWatcher final : public Pollable {
 public:
  static constexpr Duration kSettled = 5ms;
  static constexpr Duration kBusy = 100ms;
  static constexpr Duration kLongest = 1s;

  FileWatcher(Loop& loop, std::move_only_function<void()> on_change);
  ~FileWatcher();

  // Replaces what is watched. To be called before looking at the files, so that no change falls in between.
  // Errors: inotify is not to be had, or a limit is reached (fs.inotify.max_user_watches). Directories that do not
  // exist are left out.
  Result<> watch(const Watched& watched);

  void on_events(uint32_t epoll_events) noexcept override;

 private:
  struct Alarm : Timer {
    FileWatcher& watcher;
    explicit Alarm(FileWatcher& w) : Timer(&FileWatcher::on_timer), watcher(w) {}
  };

  bool matters(int watch, uint32_t mask, std::string_view name) const;
  void settle_after(Duration time);
  static void on_timer(Timer& timer);

  Loop& loop_;
  std::move_only_function<void()> on_change_;
  int fd_ = -1;
  std::map<int, std::set<std::string, std::less<>>> names_;  // by watch descriptor, as in WatchedEntries
  Alarm alarm_{*this};
  TimePoint first_event_{};  // of those not yet told
};

}  // namespace fl::net
