#include "http/h2/session_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace fl::http::h2 {
namespace {

constexpr size_t aligned(size_t size) {
  constexpr size_t kAlign = alignof(std::max_align_t);
  return (size + kAlign - 1) / kAlign * kAlign;
}

}  // namespace

struct SessionMemory::Callbacks {
  static SessionMemory& of(void* user_data) { return *static_cast<SessionMemory*>(user_data); }

  static void* malloc(size_t size, void* user_data) { return of(user_data).allocate(size); }
  static void* calloc(size_t count, size_t size, void* user_data) {
    SessionMemory& memory = of(user_data);
    // Fresh pages are zero, and stay untouched.
    return memory.has_room(count * size) ? memory.allocate(count * size) : std::calloc(count, size);
  }
  static void free(void* p, void* user_data) {
    if (!of(user_data).owns(p)) std::free(p);
  }
  static void* realloc(void* p, size_t size, void* user_data) {
    SessionMemory& memory = of(user_data);
    if (!memory.owns(p)) return p == nullptr ? memory.allocate(size) : std::realloc(p, size);
    void* const moved = std::malloc(size);
    const auto rest = static_cast<size_t>(memory.pages_ + kBytes - static_cast<char*>(p));
    if (moved != nullptr) std::memcpy(moved, p, std::min(size, rest));
    return moved;
  }
};

SessionMemory::SessionMemory()
    : mem_{.mem_user_data = this,
           .malloc = Callbacks::malloc,
           .free = Callbacks::free,
           .calloc = Callbacks::calloc,
           .realloc = Callbacks::realloc} {
  void* const pages = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return;
  pages_ = static_cast<char*>(pages);
  left_ = kBytes;
}

SessionMemory::~SessionMemory() {
  if (pages_ != nullptr) ::munmap(pages_, kBytes);
}

bool SessionMemory::has_room(size_t size) const { return size <= left_ && aligned(size) <= left_; }

void* SessionMemory::allocate(size_t size) {
  if (!has_room(size)) return std::malloc(size);
  char* const at = pages_ + kBytes - left_;
  left_ -= aligned(size);
  return at;
}

bool SessionMemory::owns(const void* p) const {
  const auto* const at = static_cast<const char*>(p);
  return pages_ != nullptr && at >= pages_ && at < pages_ + kBytes;
}

}  // namespace fl::http::h2
