#include "providers/ecs/definitions.h"

#include <algorithm>
#include <utility>

#include "net/loop.h"

namespace fl::providers::ecs {

void Definitions::Waiting::await_suspend(std::coroutine_handle<> h) {
  waiter = h;
  owner.entries_[arn].waiting.push_back(this);
}

net::Task<Definitions::Found> Definitions::get(std::string arn) {
  Entry& entry = entries_[arn];
  entry.last_used = ++uses_;
  if (entry.definition != nullptr) co_return entry.definition;
  if (entry.is_being_read) {
    Waiting waiting{*this, arn, {}, {}};
    co_await waiting;
    co_return *std::move(waiting.result);
  }
  entry.is_being_read = true;
  Found found = co_await read(arn);
  // Nothing erases an entry that is being read.
  entry.is_being_read = false;
  if (found) entry.definition = *found;
  for (Waiting* waiting : std::exchange(entry.waiting, {})) {
    waiting->result = found;
    net::Loop::current().resume_later(waiting->waiter);
  }
  if (!found) entries_.erase(arn);
  make_room();
  co_return found;
}

net::Task<Definitions::Found> Definitions::read(std::string arn) {
  auto answer = co_await api_.describe_task_definition({.task_definition = arn});
  if (!answer) co_return tl::make_unexpected(std::move(answer).error().context(arn));
  if (!answer->task_definition)
    co_return fail(Code::invalid, arn + ": DescribeTaskDefinition answered without a task definition");
  co_return std::make_shared<const Definition>(make_definition(*answer->task_definition));
}

void Definitions::make_room() {
  while (entries_.size() > capacity_) {
    auto oldest = entries_.end();
    for (auto at = entries_.begin(); at != entries_.end(); ++at)
      if (!at->second.is_being_read && (oldest == entries_.end() || at->second.last_used < oldest->second.last_used))
        oldest = at;
    if (oldest == entries_.end()) return;
    entries_.erase(oldest);
  }
}

}  // namespace fl::providers::ecs
