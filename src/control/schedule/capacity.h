// A cluster as placement sees it: its instances, what runs on them, what is free. Mutable and kept between calls, so
// that services placed one after another see each other's tasks and nothing is rebuilt for one task. One thread; the
// owner brings it up to date with every change of an instance or a task, and may rebuild it from its records at any
// time.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control/schedule/types.h"

namespace fl::control::schedule {

class Capacity {
 public:
  // One instance with its tasks. Addresses stay until the instance is removed.
  struct Instance {
    InstanceView view;  // attributes sorted by name
    Resources used;     // by its tasks; ports with those it keeps for itself, sorted
    std::vector<PlacedTask> tasks;
    uint32_t order = 0;  // breaks ties: lower was put here earlier

    int64_t free_cpu() const { return view.registered.cpu - used.cpu; }
    int64_t free_memory() const { return view.registered.memory - used.memory; }
    int64_t free_gpus() const { return view.registered.gpus - used.gpus; }
    bool is_free(HostPort port) const;
  };

  // Adds the instance or replaces what is known of it; its tasks stay.
  void put_instance(InstanceView view);
  // Forgets it and its tasks.
  void remove_instance(std::string_view id);

  // Adds the task or replaces it. A task of an unknown instance is left out: nothing can be placed there.
  void put_task(PlacedTask task);
  // When it is STOPPED. A task that is not here is no mistake.
  void remove_task(std::string_view id);

  // nullptr when there is none.
  const Instance* find_instance(std::string_view id) const;
  const PlacedTask* find_task(std::string_view id) const;
  // In the order in which they were put here.
  std::span<const Instance* const> instances() const { return in_order_; }
  size_t task_count() const { return instance_of_task_.size(); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
    using std::hash<std::string_view>::operator();
  };
  template <class T>
  using ById = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  ById<std::unique_ptr<Instance>> instances_;
  std::vector<const Instance*> in_order_;
  ById<Instance*> instance_of_task_;
  uint32_t next_order_ = 0;
};

}  // namespace fl::control::schedule
