// Between the providers and the merge: lets each provider change the configuration only so often, and drops what says
// nothing new. Main thread; lives as long as the providers.
//
// The first message of a provider goes through at once; what comes within the throttle after it waits, and only the
// newest of it goes through when the time is over. Source: Traefik, providersThrottleDuration.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "net/loop.h"
#include "providers/provider.h"

namespace fl::providers {

class Aggregator final : public Sink {
 public:
  // The newest message of every provider, by provider name.
  using Current = std::map<std::string, Message, std::less<>>;
  // Called on the loop's thread after each change, with everything there is.
  using OnChange = std::move_only_function<void(const Current&)>;

  Aggregator(net::Loop& loop, Duration throttle, OnChange on_change);
  ~Aggregator();

  void send(Message message) override;
  // For what the program itself says (internal, ACME): goes through at once, every time.
  void send_unthrottled(Message message);

  const Current& current() const { return current_; }

 private:
  struct Gate;

  void apply(Message message);

  net::Loop& loop_;
  const Duration throttle_;
  OnChange on_change_;
  Current current_;
  std::map<std::string, std::unique_ptr<Gate>, std::less<>> gates_;  // by provider name
};

}  // namespace fl::providers
