// The memory nghttp2 asks for as it makes a session: 25 KiB, of which an idle connection has touched less than half.
// It gets pages of its own, so that the kernel backs only those, where the heap would hand out what a TLS handshake has
// just freed. What is asked for later comes from the heap. Worker thread; outlives its session.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>

namespace fl::http::h2 {

class SessionMemory {
 public:
  static constexpr size_t kBytes = 28 << 10;

  SessionMemory();
  SessionMemory(const SessionMemory&) = delete;
  SessionMemory& operator=(const SessionMemory&) = delete;
  ~SessionMemory();

  nghttp2_mem& allocator() { return mem_; }
  // The session is made.
  void seal() { left_ = 0; }

 private:
  struct Callbacks;

  bool has_room(size_t size) const;
  void* allocate(size_t size);
  bool owns(const void* p) const;

  char* pages_ = nullptr;  // null: there were none, all is from the heap
  size_t left_ = 0;        // at their end
  nghttp2_mem mem_;
};

}  // namespace fl::http::h2
