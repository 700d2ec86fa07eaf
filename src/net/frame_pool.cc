#include "net/frame_pool.h"

#include <array>
#include <cstdlib>

namespace fl::net {
namespace {

void* checked_malloc(size_t size) {
  void* p = std::malloc(size);
  if (p == nullptr) std::abort();
  return p;
}

#ifndef FL_SANITIZED
constexpr size_t kClassBytes = 64;
constexpr size_t kClasses = 64;        // frames up to 4 KiB
constexpr size_t kMaxBytes = 1 << 19;  // kept per class: for some hundred requests, so that a burst does not stay

struct FreeFrame {
  FreeFrame* next;
};

struct FreeLists {
  std::array<FreeFrame*, kClasses> head{};
  std::array<size_t, kClasses> count{};
  ~FreeLists() {
    for (FreeFrame* frame : head)
      while (frame != nullptr) {
        FreeFrame* next = frame->next;
        std::free(frame);
        frame = next;
      }
  }
};

thread_local FreeLists lists;
#endif

}  // namespace

#ifdef FL_SANITIZED
void* allocate_frame(size_t size) { return checked_malloc(size); }
void free_frame(void* frame, size_t) noexcept { std::free(frame); }
#else
void* allocate_frame(size_t size) {
  const size_t k = (size + kClassBytes - 1) / kClassBytes;
  if (k >= kClasses) return checked_malloc(size);
  if (FreeFrame* frame = lists.head[k]; frame != nullptr) {
    lists.head[k] = frame->next;
    --lists.count[k];
    return frame;
  }
  return checked_malloc(k * kClassBytes);
}

void free_frame(void* frame, size_t size) noexcept {
  const size_t k = (size + kClassBytes - 1) / kClassBytes;
  if (k >= kClasses || lists.count[k] * k * kClassBytes >= kMaxBytes) {
    std::free(frame);
    return;
  }
  auto* free = static_cast<FreeFrame*>(frame);
  free->next = lists.head[k];
  lists.head[k] = free;
  ++lists.count[k];
}
#endif

}  // namespace fl::net
