// Input buffer of one direction of a connection. Its 64 KiB block is leased from the thread's pool when data is there
// and given back when the last byte is consumed, so an idle connection holds none. Worker-local.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace fl::net {

inline constexpr size_t kBlockBytes = 64 << 10;

class InBuffer {
 public:
  InBuffer() = default;
  InBuffer(InBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  InBuffer(const InBuffer&) = delete;
  InBuffer& operator=(const InBuffer&) = delete;
  ~InBuffer() { release(); }

  std::string_view view() const { return {data_ + begin_, end_ - begin_}; }
  char* data() { return data_ + begin_; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  // Free space behind the data, leasing a block when there is none. Moves or grows the data when less than a KiB is
  // left: views into the buffer are then invalid. Never empty.
  std::span<char> room();
  void commit(size_t n) { end_ += n; }
  // Copies bytes from somewhere else behind the data.
  void append(std::string_view bytes);

  // Drops bytes from the front; views of what stays remain valid, also when nothing stays (until the next room()).
  void consume(size_t n) { begin_ += n; }
  // Gives the memory back if no data is held.
  void release_if_empty() {
    if (begin_ == end_) release();
  }
  // Drops bytes from the end: for decoders that compact in place.
  void truncate(size_t size) { end_ = begin_ + size; }

 private:
  void release();

  char* data_ = nullptr;
  size_t begin_ = 0, end_ = 0, capacity_ = 0;
};

// One leased block for output, given back at the end of its life.
class Block {
 public:
  Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();
  char* data() { return data_; }
  static constexpr size_t size() { return kBlockBytes; }

 private:
  char* data_;
};

}  // namespace fl::net
