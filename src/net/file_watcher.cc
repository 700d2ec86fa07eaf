#include "net/file_watcher.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace fl::net {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kUnfinished = IN_CREATE | IN_MODIFY;
constexpr uint32_t kWritten = IN_MODIFY | IN_CLOSE_WRITE;
constexpr uint32_t kReplaced = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB;
constexpr int kMaxLinks = 40;
constexpr uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_Q_OVERFLOW;

}  // namespace

void Watched::add_path(const std::string& path) {
  std::error_code error;
  fs::path rest = fs::absolute(path, error).lexically_normal();
  fs::path at = "/";
  for (int links = 0; !rest.relative_path().empty();) {
    const fs::path relative = rest.relative_path();
    const fs::path step = *relative.begin();
    rest = relative.lexically_relative(step);
    if (rest == ".") rest.clear();
    if (step == "..") {
      at = at.parent_path();
      continue;
    }
    // An entry that may be anything stays so.
    const auto [entry, is_new] = directories.try_emplace(at.string());
    WatchedEntries& entries = entry->second;
    if (is_new || !entries.names.empty()) entries.names.insert(step.string());
    const fs::path next = at / step;
    if (fs::is_symlink(fs::symlink_status(next, error))) {
      const fs::path target = fs::read_symlink(next, error);
      if (error || ++links > kMaxLinks) return;
      if (target.is_absolute()) at = "/";
      rest = rest.empty() ? target.relative_path() : target.relative_path() / rest;
      continue;
    }
    entries.files |= rest.empty();
    at = next;
  }
}

FileWatcher::FileWatcher(Loop& loop, std::move_only_function<void()> on_change)
    : loop_(loop), on_change_(std::move(on_change)), fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (fd_ >= 0) loop_.add(fd_, EPOLLIN, *this);
}

FileWatcher::~FileWatcher() {
  if (fd_ < 0) return;
  loop_.remove(fd_, *this);
  ::close(fd_);
}

Result<> FileWatcher::watch(const Watched& watched) {
  if (fd_ < 0) return fail(Code::exhausted, "inotify cannot be used: raise fs.inotify.max_user_instances");
  std::map<int, std::set<std::string, std::less<>>> now;
  std::string problem;
  for (const auto& [directory, entries] : watched.directories) {
    const auto& names = entries.names;
    const uint32_t mask = kReplaced | (entries.files ? kWritten : 0) | IN_DELETE_SELF | IN_MOVE_SELF;
    const int watch = ::inotify_add_watch(fd_, directory.c_str(), mask | IN_MASK_ADD);
    if (watch >= 0) {
      // Two ways to one directory share a watch.
      const auto [entry, is_new] = now.try_emplace(watch, names);
      if (!is_new && (names.empty() || entry->second.empty()))
        entry->second.clear();
      else if (!is_new)
        entry->second.insert(names.begin(), names.end());
    } else if (errno == ENOSPC || errno == ENOMEM) {
      problem = fmt::format("watching {}: {}; raise fs.inotify.max_user_watches", directory, std::strerror(errno));
    }
  }
  for (const auto& [watch, names] : names_)
    if (!now.contains(watch)) ::inotify_rm_watch(fd_, watch);
  names_ = std::move(now);
  if (!problem.empty()) return fail(Code::exhausted, std::move(problem));
  return {};
}

bool FileWatcher::matters(int watch, uint32_t mask, std::string_view name) const {
  if ((mask & kGone) != 0) return true;
  const auto entry = names_.find(watch);
  return entry != names_.end() && (entry->second.empty() || entry->second.contains(name));
}

// Once a turn, however much there is: a busy neighbour must not keep the loop from its work.
void FileWatcher::on_events(uint32_t) noexcept {
  alignas(inotify_event) std::array<char, 16 << 10> buffer;
  const ssize_t size = std::max<ssize_t>(::read(fd_, buffer.data(), buffer.size()), 0);
  for (const char* at = buffer.data(); at < buffer.data() + size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(at);
    const std::string_view name = event->len > 0 ? std::string_view(event->name) : std::string_view();
    if (matters(event->wd, event->mask, name)) settle_after((event->mask & kUnfinished) != 0 ? kBusy : kSettled);
    at += sizeof(inotify_event) + event->len;
  }
}

void FileWatcher::settle_after(Duration time) {
  if (!alarm_.armed()) first_event_ = loop_.now();
  loop_.timers().set(alarm_, std::min(loop_.now() + time, first_event_ + kLongest));
}

void FileWatcher::on_timer(Timer& timer) { static_cast<Alarm&>(timer).watcher.on_change_(); }

}  // namespace fl::net
