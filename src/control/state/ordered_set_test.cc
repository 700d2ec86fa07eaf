#include "control/state/ordered_set.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace fl::control::state {
namespace {

struct Item {
  std::string group;
  int number = 0;
  int payload = 0;
};
struct ByGroup {
  static std::tuple<std::string_view, int> key(const Item& i) { return {i.group, i.number}; }
};
using Set = OrderedSet<Item, ByGroup>;
using Model = std::map<std::pair<std::string, int>, int>;

std::vector<int> payloads(const Set& set) {
  std::vector<int> out;
  for (const auto& item : set) out.push_back(item->payload);
  return out;
}
std::vector<int> payloads(const Model& model) {
  std::vector<int> out;
  for (const auto& [key, payload] : model) out.push_back(payload);
  return out;
}

TEST(OrderedSet, behaves_like_a_map_and_never_changes_what_was_handed_out) {
  std::minstd_rand random(7);
  Set set;
  Model model;
  std::vector<std::pair<Set, Model>> kept;
  for (int step = 0; step < 4000; ++step) {
    const std::string group(1, static_cast<char>('a' + random() % 5));
    const int number = static_cast<int>(random() % 200);
    if (random() % 3 == 0) {
      set = set.without(std::tuple<std::string_view, int>(group, number));
      model.erase({group, number});
    } else {
      set = set.with(std::make_shared<const Item>(Item{group, number, step}));
      model[{group, number}] = step;
    }
    if (step % 400 == 0) kept.emplace_back(set, model);
  }
  kept.emplace_back(set, model);
  for (const auto& [s, m] : kept) {
    EXPECT_EQ(s.size(), m.size());
    EXPECT_EQ(payloads(s), payloads(m));
    for (int number = 0; number < 200; ++number) {
      const auto* found = s.find(std::tuple<std::string_view, int>("c", number));
      const auto there = m.find({"c", number});
      ASSERT_EQ(found != nullptr, there != m.end());
      if (found != nullptr) EXPECT_EQ((*found)->payload, there->second);
    }
  }
}

TEST(OrderedSet, a_prefix_names_a_range) {
  Set set;
  for (const char* group : {"b", "a", "c"})
    for (int number = 9; number >= 0; --number)
      set = set.with(std::make_shared<const Item>(Item{group, number, number}));
  using Prefix = std::tuple<std::string_view>;
  const auto range = set.range(Prefix("b"));
  EXPECT_EQ(range.size(), 10U);
  int expected = 0;
  for (const auto& item : range) {
    EXPECT_EQ(item->group, "b");
    EXPECT_EQ(item->number, expected++);
  }
  EXPECT_EQ(expected, 10);
  EXPECT_EQ(set.count(Prefix("c")), 10U);
  EXPECT_EQ(set.count(Prefix("d")), 0U);
  EXPECT_TRUE(set.range(Prefix("")).empty());

  const auto rest = set.range_after(Prefix("b"), std::tuple<std::string_view, int>("b", 6));
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(rest.begin()->number, 7);
  EXPECT_TRUE(set.range_after(Prefix("b"), std::tuple<std::string_view, int>("b", 9)).empty());
  EXPECT_EQ(set.range_after(Prefix("b"), std::tuple<std::string_view, int>("a", 3)).size(), 10U);
  EXPECT_TRUE(set.range_after(Prefix("b"), std::tuple<std::string_view, int>("c", 3)).empty());
}

}  // namespace
}  // namespace fl::control::state
