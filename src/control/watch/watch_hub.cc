#include "control/watch/watch_hub.h"

#include <functional>

namespace fl::control::watch {
namespace {

void tell(const std::shared_ptr<WatchLink>& link, std::move_only_function<void(WatchListener&)> what) {
  link->home.post([link, what = std::move(what)]() mutable {
    if (link->listener != nullptr) what(*link->listener);
  });
}

}  // namespace

WatchHub::WatchHub(state::Writer& writer, Duration drain_delay)
    : writer_(writer), drain_delay_(drain_delay), linger_(*this) {
  writer_.add_listener([this](const std::shared_ptr<const state::Commit>& commit) { on_commit(commit); });
}

void WatchHub::attach(std::shared_ptr<WatchLink> link, std::optional<state::Revision> since) {
  writer_.loop().post([this, link = std::move(link), since] {
    links_.insert(link);
    linger_.cancel();
    writer_.set_drain_delay(drain_delay_);
    begin(link, since);
  });
}

void WatchHub::detach(std::shared_ptr<WatchLink> link) {
  writer_.loop().post([this, link = std::move(link)] {
    links_.erase(link);
    if (links_.empty()) writer_.loop().timers().set(linger_, writer_.loop().now() + kLinger);
  });
}

void WatchHub::begin(const std::shared_ptr<WatchLink>& link, std::optional<state::Revision> since) {
  const state::Revision now = writer_.view()->revision();
  std::optional<std::vector<state::Accepted>> missed;
  const state::Revision known_from = remembered_.empty() ? now : remembered_.front().revision - 1;
  if (since && *since >= known_from && *since <= now) {
    missed.emplace();
    for (const state::Accepted& accepted : remembered_)
      if (accepted.revision > *since) missed->push_back(accepted);
  }
  tell(link, [now, missed = std::move(missed)](WatchListener& l) mutable { l.on_begin(now, std::move(missed)); });
}

void WatchHub::on_commit(const std::shared_ptr<const state::Commit>& commit) {
  remembered_.insert(remembered_.end(), commit->accepted.begin(), commit->accepted.end());
  while (remembered_.size() > kRemembered) remembered_.pop_front();
  for (const auto& link : links_) tell(link, [commit](WatchListener& l) { l.on_commit(*commit); });
}

}  // namespace fl::control::watch
