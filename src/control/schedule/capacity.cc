#include "control/schedule/capacity.h"

#include <algorithm>

#include "base/check.h"

namespace fl::control::schedule {
namespace {

void add(Resources& used, const Resources& task) {
  used.cpu += task.cpu;
  used.memory += task.memory;
  used.gpus += task.gpus;
  for (const HostPort port : task.ports) used.ports.insert(std::ranges::upper_bound(used.ports, port), port);
}

void subtract(Resources& used, const Resources& task) {
  used.cpu -= task.cpu;
  used.memory -= task.memory;
  used.gpus -= task.gpus;
  for (const HostPort port : task.ports) {
    const auto at = std::ranges::lower_bound(used.ports, port);
    FL_ASSERT(at != used.ports.end() && *at == port);
    used.ports.erase(at);
  }
}

}  // namespace

bool Capacity::Instance::is_free(HostPort port) const { return !std::ranges::binary_search(used.ports, port); }

void Capacity::put_instance(InstanceView view) {
  sort_attributes(view);
  std::unique_ptr<Instance>& instance = instances_[view.id];
  if (!instance) {
    instance = std::make_unique<Instance>();
    instance->order = next_order_++;
    in_order_.push_back(instance.get());
  }
  instance->view = std::move(view);
  instance->used = Resources{.ports = instance->view.registered.ports};
  std::ranges::sort(instance->used.ports);
  for (const PlacedTask& task : instance->tasks) add(instance->used, task.resources);
}

void Capacity::remove_instance(std::string_view id) {
  const auto at = instances_.find(id);
  if (at == instances_.end()) return;
  for (const PlacedTask& task : at->second->tasks) instance_of_task_.erase(task.id);
  std::erase(in_order_, at->second.get());
  instances_.erase(at);
}

void Capacity::put_task(PlacedTask task) {
  remove_task(task.id);
  const auto at = instances_.find(task.instance);
  if (at == instances_.end()) return;
  Instance& instance = *at->second;
  add(instance.used, task.resources);
  instance_of_task_.emplace(task.id, &instance);
  instance.tasks.push_back(std::move(task));
}

void Capacity::remove_task(std::string_view id) {
  const auto at = instance_of_task_.find(id);
  if (at == instance_of_task_.end()) return;
  Instance& instance = *at->second;
  const auto task = std::ranges::find(instance.tasks, id, &PlacedTask::id);
  subtract(instance.used, task->resources);
  std::swap(*task, instance.tasks.back());
  instance.tasks.pop_back();
  instance_of_task_.erase(at);
}

const Capacity::Instance* Capacity::find_instance(std::string_view id) const {
  const auto at = instances_.find(id);
  return at == instances_.end() ? nullptr : at->second.get();
}

const PlacedTask* Capacity::find_task(std::string_view id) const {
  const auto at = instance_of_task_.find(id);
  return at == instance_of_task_.end() ? nullptr : &*std::ranges::find(at->second->tasks, id, &PlacedTask::id);
}

}  // namespace fl::control::schedule
