#include "http/h2/session_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace fl::http::h2 {
namespace {

class SessionMemoryTest : public testing::Test {
 protected:
  char* allocate(size_t size) { return static_cast<char*>(mem().malloc(size, mem().mem_user_data)); }
  char* allocate_zeros(size_t n, size_t size) { return static_cast<char*>(mem().calloc(n, size, mem().mem_user_data)); }
  char* resize(void* p, size_t size) { return static_cast<char*>(mem().realloc(p, size, mem().mem_user_data)); }
  void free(void* p) { mem().free(p, mem().mem_user_data); }
  nghttp2_mem& mem() { return memory.allocator(); }

  SessionMemory memory;
};

TEST_F(SessionMemoryTest, WhatTheSessionAsksForLiesTogether) {
  char* const first = allocate(45);
  char* const second = allocate_zeros(256, 16);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 4096, 0U);
  EXPECT_EQ(second - first, 48);  // aligned as malloc's
  EXPECT_TRUE(std::all_of(second, second + 256 * 16, [](char c) { return c == 0; }));
  free(first);
  EXPECT_EQ(allocate(16) - second, 256 * 16);  // what was freed is not used again
}

TEST_F(SessionMemoryTest, WhatHasNoRoomComesFromTheHeap) {
  char* const first = allocate(20 << 10);
  char* const second = allocate_zeros(1, 20 << 10);
  EXPECT_TRUE(second < first || second >= first + SessionMemory::kBytes);
  EXPECT_TRUE(std::all_of(second, second + (20 << 10), [](char c) { return c == 0; }));
  free(second);
}

TEST_F(SessionMemoryTest, GrowingMovesItToTheHeap) {
  char* const first = allocate(8);
  std::memcpy(first, "12345678", 8);
  char* grown = resize(first, 100 << 10);  // more than all the pages have
  EXPECT_EQ(std::memcmp(grown, "12345678", 8), 0);
  grown = resize(grown, 200 << 10);
  EXPECT_EQ(std::memcmp(grown, "12345678", 8), 0);
  free(grown);
  char* const fresh = resize(nullptr, 16);
  EXPECT_EQ(fresh - first, 16);
}

TEST_F(SessionMemoryTest, OnceSealedAllComesFromTheHeap) {
  char* const first = allocate(16);
  memory.seal();
  for (char* const p : {allocate(16), allocate_zeros(1, 16), resize(nullptr, 16)}) {
    EXPECT_TRUE(p < first || p >= first + SessionMemory::kBytes);
    free(p);  // ASan's leak check sees the ones that are not
  }
  free(first);
}

// Of what nghttp2 asks for, the last is by far the largest: with less room it would come from the heap.
TEST_F(SessionMemoryTest, HasRoomForASession) {
  const char* const first = allocate(16);
  nghttp2_session_callbacks* callbacks = nullptr;
  ASSERT_EQ(nghttp2_session_callbacks_new(&callbacks), 0);
  nghttp2_session* session = nullptr;
  ASSERT_EQ(nghttp2_session_server_new3(&session, callbacks, nullptr, nullptr, &mem()), 0);
  EXPECT_GT(allocate(16) - first, 24 << 10);
  nghttp2_session_del(session);
  nghttp2_session_callbacks_del(callbacks);
}

}  // namespace
}  // namespace fl::http::h2
