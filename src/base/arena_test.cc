#include "base/arena.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <string>

namespace fl {
namespace {

TEST(Arena, GivesOneAfterTheOther) {
  Arena arena;
  const std::string_view a = arena.copy("one"), b = arena.concat({"two", "", "three"});
  EXPECT_EQ(a, "one");
  EXPECT_EQ(b, "twothree");
  EXPECT_EQ(b.data(), a.data() + a.size());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.make<uint64_t>(1u)) % alignof(uint64_t), 0u);
}

TEST(Arena, WhatIsLargeDoesNotEndTheChunk) {
  Arena arena;
  arena.array<char>(2000);  // of the part inside
  const std::string large(5000, 'x');
  const char* const first = arena.array<char>(100).data();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(arena.copy(large), large);
  EXPECT_EQ(arena.array<char>(100).data(), first + 100);
  arena.reset();
  EXPECT_EQ(arena.copy(large), large);
}

TEST(Arena, TakesNoMoreThanItsCost) {
  for (const size_t size : {1, 10, 341, 681, 682, 817, 818, 900, 1021, 1022, 1023, 1024, 3000, 5000}) {
    Arena arena;
    arena.array<char>(2040);  // of the part inside
    const size_t before = ::mallinfo2().uordblks;
    for (int i = 0; i < 1000; ++i) arena.array<char>(size);
    const size_t chunk = 4096 + 16;                                                        // the last one is not full
    EXPECT_LE(::mallinfo2().uordblks - before, 1000 * Arena::cost(size) + chunk) << size;  // always, with sanitizers
  }
}

}  // namespace
}  // namespace fl
