// Whether a server of a service takes requests. An active check (HealthChecker, main thread) and passive ones (workers,
// from the answers they see) write it, every worker reads it for each request: atomics that hardly ever change. Kept
// through configurations, by service and server.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace fl::proxy {

class Health {
 public:
  virtual ~Health() = default;
  virtual bool is_up(TimePoint now) const = 0;
};

class ServerHealth final : public Health {
 public:
  bool is_up(TimePoint now) const override {
    return is_up_.load(std::memory_order_relaxed) &&
           down_until_.load(std::memory_order_relaxed) <= now.time_since_epoch().count();
  }
  // What an active check found. -> it is news
  bool set_up(bool up) {
    if (up) down_until_.store(0, std::memory_order_relaxed);
    return is_up_.exchange(up, std::memory_order_relaxed) != up;
  }
  // A passive check takes the server out until then; TimePoint::max(): until an active check finds it well.
  void set_down_until(TimePoint t) { down_until_.store(t.time_since_epoch().count(), std::memory_order_relaxed); }

 private:
  std::atomic<bool> is_up_{true};
  std::atomic<TimePoint::rep> down_until_{0};
};

// Of a service made of others, which is up while one of them is.
class ServiceHealth final : public Health {
 public:
  explicit ServiceHealth(std::vector<std::shared_ptr<const Health>> parts) : parts_(std::move(parts)) {}
  bool is_up(TimePoint now) const override {
    return std::ranges::any_of(parts_, [now](const auto& part) { return part->is_up(now); });
  }

 private:
  const std::vector<std::shared_ptr<const Health>> parts_;
};

// A server with its health, as checks change it and reports and metrics show it.
struct CheckedServer {
  std::string url;                       // as configured; of TCP servers the address
  std::shared_ptr<ServerHealth> health;  // null: nobody checks it, it counts as well
  bool is_up(TimePoint now) const { return health == nullptr || health->is_up(now); }
};

}  // namespace fl::proxy
