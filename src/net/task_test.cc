#include "net/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace fl::net {
namespace {

// Where coroutines of these tests wait.
struct Gate {
  std::vector<std::coroutine_handle<>> waiting;
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) { waiting.push_back(h); }
  void await_resume() noexcept {}
  void open() {
    for (const auto h : std::exchange(waiting, {})) h.resume();
  }
};

Task<int> later(Gate& gate, int value) {
  co_await gate;
  co_return value;
}

TEST(Task, IsLazyAndGivesItsValue) {
  Gate gate;
  int sum = 0;
  const auto add = [](Gate& g, int& out) -> Task<> { out = co_await later(g, 1) + co_await later(g, 2); };
  {
    [[maybe_unused]] const auto never_started = add(gate, sum);
  }
  EXPECT_TRUE(gate.waiting.empty());
  spawn(add(gate, sum));
  gate.open();
  EXPECT_EQ(sum, 0);
  gate.open();
  EXPECT_EQ(sum, 3);
}

TEST(Task, MovesOnlyValues) {
  const auto make = []() -> Task<std::unique_ptr<std::string>> { co_return std::make_unique<std::string>("x"); };
  std::string out;
  const auto use = [](auto make_it, std::string& to) -> Task<> { to = *co_await make_it(); };
  spawn(use(make, out));
  EXPECT_EQ(out, "x");
}

TEST(Task, LongChainsNeedNoStack) {
  const auto one = []() -> Task<int> { co_return 1; };
  int64_t sum = 0;
  const auto loop = [](auto f, int64_t& out) -> Task<> {
    for (int i = 0; i < 200000; ++i) out += co_await f();
  };
  spawn(loop(one, sum));
  EXPECT_EQ(sum, 200000);
}

TEST(TaskScope, JoinWaitsForAll) {
  Gate first, second;
  std::vector<std::string> order;
  const auto child = [](Gate& gate, std::vector<std::string>& log, std::string name) -> Task<> {
    co_await gate;
    log.push_back(std::move(name));
  };
  const auto parent = [&](auto make_child) -> Task<> {
    TaskScope scope;
    scope.spawn(make_child(first, order, "first"));
    scope.spawn(make_child(second, order, "second"));
    co_await scope.join();
    EXPECT_TRUE(scope.idle());
    order.push_back("parent");
    co_await scope.join();  // nothing left: at once
  };
  spawn(parent(child));
  second.open();
  EXPECT_EQ(order, (std::vector<std::string>{"second"}));
  first.open();
  EXPECT_EQ(order, (std::vector<std::string>{"second", "first", "parent"}));
}

TEST(TaskScope, ChildThatEndsAtOnce) {
  TaskScope scope;
  const auto nothing = []() -> Task<> { co_return; };
  scope.spawn(nothing());
  EXPECT_TRUE(scope.idle());
}

}  // namespace
}  // namespace fl::net
