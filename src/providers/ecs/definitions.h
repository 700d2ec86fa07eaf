// Task definitions by ARN, read once each: a revision never changes. Shared by all clusters; two that want the same one
// at the same time make one call. Bounded: the longest unused go first. Main thread.
#pragma once

#include <coroutine>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/ecs_api.h"
#include "providers/ecs/discovery.h"

namespace fl::providers::ecs {

class Definitions {
 public:
  using Found = Result<std::shared_ptr<const Definition>>;

  explicit Definitions(aws::EcsApi& api, size_t capacity = 20'000) : api_(api), capacity_(capacity) {}

  net::Task<Found> get(std::string arn);
  size_t size() const { return entries_.size(); }

 private:
  struct Waiting {
    Definitions& owner;
    const std::string& arn;
    std::optional<Found> result;
    std::coroutine_handle<> waiter;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h);
    void await_resume() const noexcept {}
  };
  struct Entry {
    std::shared_ptr<const Definition> definition;
    uint64_t last_used = 0;
    bool is_being_read = false;
    std::vector<Waiting*> waiting;
  };

  net::Task<Found> read(std::string arn);
  void make_room();

  aws::EcsApi& api_;
  const size_t capacity_;
  uint64_t uses_ = 0;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace fl::providers::ecs
