#include "net/buffer.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/check.h"

namespace fl::net {
namespace {

constexpr size_t kKeptBlocks = 256;  // 16 MiB a thread at most, of which small messages touch a sixteenth

struct BlockPool {
  std::vector<char*> free;
  BlockPool() { free.reserve(kKeptBlocks); }
  ~BlockPool() {
    for (char* block : free) std::free(block);
  }
};
thread_local BlockPool pool;

char* lease() {
  if (!pool.free.empty()) {
    char* block = pool.free.back();
    pool.free.pop_back();
    return block;
  }
  auto* block = static_cast<char*>(std::malloc(kBlockBytes));
  if (block == nullptr) std::abort();
  return block;
}

void give_back(char* block) {
  if (pool.free.size() < kKeptBlocks)
    pool.free.push_back(block);
  else
    std::free(block);
}

}  // namespace

std::span<char> InBuffer::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (data_ == nullptr) {
    data_ = lease();
    capacity_ = kBlockBytes;
  } else if (capacity_ - end_ < 1024) {
    const size_t kept = size();
    if (begin_ >= capacity_ / 2) {
      std::memmove(data_, data_ + begin_, kept);
    } else {
      const size_t wanted = capacity_ * 2;
      auto* grown = static_cast<char*>(std::malloc(wanted));
      if (grown == nullptr) std::abort();
      std::memcpy(grown, data_ + begin_, kept);
      release();
      data_ = grown;
      capacity_ = wanted;
    }
    begin_ = 0;
    end_ = kept;
  }
  return {data_ + end_, capacity_ - end_};
}

void InBuffer::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> free = room();
    FL_ASSERT(!free.empty());
    const size_t n = bytes.copy(free.data(), free.size());
    commit(n);
    bytes.remove_prefix(n);
  }
}

void InBuffer::release() {
  if (data_ == nullptr) return;
  if (capacity_ == kBlockBytes)
    give_back(data_);
  else
    std::free(data_);
  data_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

Block::Block() : data_(lease()) {}
Block::~Block() { give_back(data_); }

}  // namespace fl::net
