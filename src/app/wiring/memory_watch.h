// Looks after the memory limit of the control group we run in, and tells when pressure changes. Main thread.
#pragma once

#include <functional>
#include <optional>

#include "net/stop.h"
#include "net/task.h"
#include "proxy/memory_pressure.h"
#include "telemetry/cgroup_memory.h"

namespace fl::app {

class MemoryWatch {
 public:
  // `relieve` is called when pressure changes, and again each second while there is some.
  explicit MemoryWatch(std::function<void(proxy::MemoryPressure)> relieve) : relieve_(std::move(relieve)) {}

  // Until the stop; at once where nothing limits us.
  net::Task<> run(net::StopToken stop);

 private:
  void change_to(proxy::MemoryPressure pressure, const telemetry::MemoryUse& use);

  const std::function<void(proxy::MemoryPressure)> relieve_;
  const std::optional<telemetry::CgroupMemory> memory_ = telemetry::CgroupMemory::open();
  proxy::MemoryPressure pressure_ = proxy::MemoryPressure::none;
};

}  // namespace fl::app
