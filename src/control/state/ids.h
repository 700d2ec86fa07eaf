// Names for new things, from one seeded source, so that a test or a simulation can repeat them. They are unique, not
// secret. One thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace fl::control::state {

class IdSource {
 public:
  IdSource();  // seeded by the system
  explicit IdSource(uint64_t seed) : random_(seed) {}

  std::string id();             // 32 hex digits: tasks, container instances
  std::string uuid();           // 8-4-4-4-12, version 4
  std::string deployment_id();  // "ecs-svc/" and 19 digits
  uint64_t number() { return random_(); }

 private:
  std::mt19937_64 random_;
};

}  // namespace fl::control::state
