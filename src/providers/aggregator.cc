#include "providers/aggregator.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace fl::providers {
namespace {

bool says_the_same(const Message& a, const Message& b) {
  const auto same_objects = [](const auto& x, const auto& y) {
    return x.kind == y.kind && x.name == y.name && config::to_text(x.issues) == config::to_text(y.issues);
  };
  return *a.configuration == *b.configuration && config::to_text(a.issues) == config::to_text(b.issues) &&
         std::ranges::equal(a.broken, b.broken, same_objects);
}

}  // namespace

// Closed from one change of its provider until the throttle is over.
struct Aggregator::Gate : net::Timer {
  Aggregator& owner;
  std::optional<Message> waiting;  // the newest that came while it was closed

  explicit Gate(Aggregator& o) : Timer(&Gate::on_timer), owner(o) {}
  static void on_timer(Timer& timer) {
    auto& gate = static_cast<Gate&>(timer);
    if (gate.waiting) gate.pass(*std::exchange(gate.waiting, std::nullopt));
  }

  void pass(Message message) {
    const auto known = owner.current_.find(message.provider);
    if (known != owner.current_.end() && says_the_same(known->second, message)) return;
    if (owner.throttle_ > Duration::zero()) owner.loop_.timers().set(*this, owner.loop_.now() + owner.throttle_);
    owner.apply(std::move(message));
  }
};

Aggregator::Aggregator(net::Loop& loop, Duration throttle, OnChange on_change)
    : loop_(loop), throttle_(throttle), on_change_(std::move(on_change)) {}
Aggregator::~Aggregator() = default;

void Aggregator::send(Message message) {
  FL_CHECK(message.configuration != nullptr);
  auto& gate = gates_.try_emplace(message.provider).first->second;
  if (gate == nullptr) gate = std::make_unique<Gate>(*this);
  if (gate->armed())
    gate->waiting = std::move(message);
  else
    gate->pass(std::move(message));
}

void Aggregator::send_unthrottled(Message message) {
  FL_CHECK(message.configuration != nullptr);
  const auto known = current_.find(message.provider);
  if (known == current_.end() || !says_the_same(known->second, message)) apply(std::move(message));
}

void Aggregator::apply(Message message) {
  // What was goes after the change is in force: freeing it takes about as long as making it did.
  std::swap(current_[message.provider], message);
  on_change_(current_);
}

}  // namespace fl::providers
