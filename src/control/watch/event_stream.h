// The body of a watch: server-sent events, made as commits come. On the loop of its API thread, as long as its
// exchange.
//
//   id: 42
//   event: change | ready
//   data: {"revision":42,"changes":[{"kind":"task","cluster":"web","key":"web/0123..."},{...,"erased":true}]}
//
// `ready` says that what happened before is not told: read everything, then follow. A comment line now and then shows
// that the connection lives. With `once` the body ends after the first event, or empty after a while.
// Source: HTML Living Standard, 9.2 Server-sent events.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "control/watch/watch_hub.h"
#include "http/body.h"
#include "net/stop.h"

namespace fl::control::watch {

class EventStream final : public http::BodySource, public WatchListener {
 public:
  // Stands in `open` as long as it lives.
  EventStream(WatchHub& hub, std::set<EventStream*>& open, state::Scope scope, std::optional<state::Revision> since,
              bool once);
  ~EventStream() override;

  http::BodyChunk take() override;
  net::Task<http::BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override { return std::nullopt; }
  void abandon() noexcept override;
  // The body ends with what is waiting.
  void end();

  void on_begin(state::Revision now, std::optional<std::vector<state::Accepted>> missed) override;
  void on_commit(const state::Commit& commit) override;

  static constexpr Duration kHeartbeat = 15s;
  static constexpr size_t kMaxWaiting = 1 << 20;  // of events the client has not taken; then it is cut off

 private:
  void add(const state::Accepted& accepted);
  void append(state::Revision revision, std::string_view event, std::string_view data);
  void wake();

  WatchHub& hub_;
  std::set<EventStream*>& open_;
  const state::Scope scope_;
  const std::optional<state::Revision> since_;
  const bool once_;
  std::shared_ptr<WatchLink> link_;
  std::string waiting_;  // events not taken yet
  std::string taken_;    // what the last chunk shows
  bool is_over_ = false;
  std::optional<net::StopSource> sleep_;  // while read() waits
};

}  // namespace fl::control::watch
