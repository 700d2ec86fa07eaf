// A head as bytes, on its way out: in a leased block, or in memory of its own when it is larger than one. A small body
// can join it there: one piece costs the kernel less than two, and the copy next to nothing. Worker thread.
#pragma once

#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "net/buffer.h"

namespace fl::http::h1 {

class HeadBytes {
 public:
  // Room for `bound` bytes, to be written to; then set_size() says how many they became.
  char* reserve(size_t bound) {
    size_ = 0;
    if (bound <= net::Block::size()) return block_.emplace().data();
    large_.resize(bound);
    return large_.data();
  }
  void set_size(size_t size) { size_ = size; }

  std::string_view view() { return {block_ ? block_->data() : large_.data(), size_}; }

  // Puts the pieces behind the head when they are small and fit. -> they are there
  bool join(std::initializer_list<std::string_view> pieces) {
    size_t total = 0;
    for (const auto piece : pieces) total += piece.size();
    if (!block_ || total > kMaxJoined || size_ + total > net::Block::size()) return false;
    for (const auto piece : pieces) {
      if (piece.empty()) continue;
      std::memcpy(block_->data() + size_, piece.data(), piece.size());
      size_ += piece.size();
    }
    return true;
  }

  // Gives the memory back: the head is out, the body may take long.
  void release() {
    size_ = 0;
    if (block_)
      block_.reset();
    else
      std::string().swap(large_);
  }

 private:
  static constexpr size_t kMaxJoined = 4 << 10;

  size_t size_ = 0;
  std::optional<net::Block> block_;
  std::string large_;
};

}  // namespace fl::http::h1
