#include "control/watch/event_stream.h"

#include <fmt/format.h>

#include "base/json.h"

namespace fl::control::watch {

EventStream::EventStream(WatchHub& hub, std::set<EventStream*>& open, state::Scope scope,
                         std::optional<state::Revision> since, bool once)
    : hub_(hub),
      open_(open),
      scope_(std::move(scope)),
      since_(since),
      once_(once),
      link_(std::make_shared<WatchLink>(net::Loop::current(), this)) {
  open_.insert(this);
  hub_.attach(link_, since);
}

EventStream::~EventStream() {
  open_.erase(this);
  link_->listener = nullptr;
  hub_.detach(link_);
}

http::BodyChunk EventStream::take() {
  taken_ = std::exchange(waiting_, {});
  if (once_ && !taken_.empty()) is_over_ = true;
  return {.data = taken_, .last = is_over_};
}

net::Task<http::BodyChunk> EventStream::read() {
  while (waiting_.empty() && !is_over_) {
    sleep_.emplace();
    const bool is_quiet = co_await net::sleep_for(kHeartbeat, *sleep_);
    sleep_.reset();
    if (is_quiet && once_)
      is_over_ = true;
    else if (is_quiet)
      waiting_ = ":\n\n";
  }
  co_return take();
}

void EventStream::abandon() noexcept { end(); }

void EventStream::end() {
  is_over_ = true;
  wake();
}

void EventStream::wake() {
  if (sleep_) sleep_->request_stop();
}

void EventStream::on_begin(state::Revision now, std::optional<std::vector<state::Accepted>> missed) {
  if (!missed) {
    append(now, "ready", fmt::format(R"({{"revision":{}}})", now));
  } else {
    for (const state::Accepted& accepted : *missed) add(accepted);
  }
  if (!waiting_.empty()) wake();
}

void EventStream::on_commit(const state::Commit& commit) {
  for (const state::Accepted& accepted : commit.accepted) add(accepted);
  if (!waiting_.empty()) wake();
}

void EventStream::add(const state::Accepted& accepted) {
  if (accepted.scope != scope_ || is_over_) return;
  json::Array changes;
  for (const state::Change& change : accepted.changes) {
    json::Object one{{"kind", std::string(kind_name(change.kind))}, {"key", change.key}};
    if (!change.cluster.empty()) one.emplace_back("cluster", change.cluster);
    if (change.erased) one.emplace_back("erased", true);
    changes.emplace_back(std::move(one));
  }
  append(accepted.revision, "change",
         json::to_text(json::Object{{"revision", accepted.revision}, {"changes", std::move(changes)}}));
  if (waiting_.size() > kMaxWaiting) is_over_ = true;  // it comes back with the id of what it has
}

void EventStream::append(state::Revision revision, std::string_view event, std::string_view data) {
  waiting_ += fmt::format("id: {}\nevent: {}\ndata: {}\n\n", revision, event, data);
}

}  // namespace fl::control::watch
