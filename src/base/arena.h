// Memory that lives exactly as long as one request: bump allocation, freed at once. Destructors are not run, so only
// trivially destructible things may live here. Worker thread of its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace fl {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { free_chunks(); }

  // Never returns null; bytes are not initialised.
  void* allocate(size_t size, size_t align = alignof(std::max_align_t)) {
    const size_t begin = (used_ + align - 1) & ~(align - 1);
    if (begin + size > capacity_) return allocate_slow(size, align);
    used_ = begin + size;
    return current_ + begin;
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  template <class T>
  std::span<T> array(size_t n) {
    static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
    return {static_cast<T*>(allocate(n * sizeof(T), alignof(T))), n};
  }

  std::string_view copy(std::string_view s) { return concat({s}); }

  std::string_view concat(std::initializer_list<std::string_view> parts) {
    size_t n = 0;
    for (const auto& part : parts) n += part.size();
    char* out = static_cast<char*>(allocate(n, 1));
    char* end = out;
    for (const auto& part : parts) {
      if (!part.empty()) std::memcpy(end, part.data(), part.size());
      end += part.size();
    }
    return {out, n};
  }

  // The most memory that a text of `size` bytes takes: what is left of a chunk when the next is begun counts with it.
  static constexpr size_t cost(size_t size) { return size > kLarge ? size + 32 : size + size / 3; }

  // Forgets everything; keeps the first, inline part for the next request.
  void reset() {
    if (chunks_ != nullptr) free_chunks();
    chunks_ = nullptr;
    current_ = inline_;
    capacity_ = kInline;
    used_ = 0;
  }

 private:
  static constexpr size_t kInline = 2048;
  static constexpr size_t kChunk = 4096;
  struct Chunk {
    Chunk* next;
  };
  static constexpr size_t kLarge =
      (kChunk - sizeof(Chunk)) / 4;  // above it: a chunk of its own, so that no more is lost

  void* allocate_slow(size_t size, size_t align) {
    const bool is_large = size > kLarge;
    const size_t bytes = is_large ? sizeof(Chunk) + size + align : kChunk;
    auto* chunk = static_cast<Chunk*>(std::malloc(bytes));
    if (chunk == nullptr) std::abort();
    chunk->next = chunks_;
    chunks_ = chunk;
    char* const start = reinterpret_cast<char*>(chunk);
    const size_t begin = (sizeof(Chunk) + align - 1) & ~(align - 1);
    if (!is_large) {
      current_ = start;
      capacity_ = bytes;
      used_ = begin + size;
    }
    return start + begin;
  }

  void free_chunks() {
    for (Chunk* chunk = chunks_; chunk != nullptr;) {
      Chunk* next = chunk->next;
      std::free(chunk);
      chunk = next;
    }
  }

  alignas(std::max_align_t) char inline_[kInline];
  char* current_ = inline_;
  size_t capacity_ = kInline;
  size_t used_ = 0;
  Chunk* chunks_ = nullptr;
};

}  // namespace fl
