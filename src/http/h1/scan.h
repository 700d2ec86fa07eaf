// Vectorised search for the first byte of some class. A class is written once, as a lambda over a block of bytes, and
// runs on whatever the target has: AVX2 or SSE2 registers, 64-bit words elsewhere, single bytes for the tail.
// Pure; never reads outside [p, end).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace fl::http::h1 {

// Every block has the same operations. Comparisons answer with a block that marks the bytes they are true of;
// bits() of that has its lowest bit set in the first marked byte, kBitsPerByte bits a byte.
struct ByteBlock {
  static constexpr size_t kBytes = 1, kBitsPerByte = 1;
  using Smaller = void;
  uint8_t v;

  static ByteBlock load(const char* p) { return {static_cast<uint8_t>(*p)}; }
  ByteBlock less_than(uint8_t n) const { return {static_cast<uint8_t>(v < n)}; }
  ByteBlock equals(uint8_t c) const { return {static_cast<uint8_t>(v == c)}; }
  ByteBlock with_bits(uint8_t b) const { return {static_cast<uint8_t>(v | b)}; }
  ByteBlock operator|(ByteBlock o) const { return {static_cast<uint8_t>(v | o.v)}; }
  ByteBlock and_not(ByteBlock o) const { return {static_cast<uint8_t>(v & ~o.v)}; }
  ByteBlock operator!() const { return {static_cast<uint8_t>(v ^ 1)}; }
  uint32_t bits() const { return v; }
};

// Eight bytes in a general register; a mark is the byte's high bit. Needs little-endian order to find the first.
struct WordBlock {
  static_assert(std::endian::native == std::endian::little);
  static constexpr size_t kBytes = 8, kBitsPerByte = 8;
  using Smaller = ByteBlock;
  uint64_t v;

  static constexpr uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  static WordBlock load(const char* p) {
    WordBlock b;
    std::memcpy(&b.v, p, sizeof b.v);
    return b;
  }
  // n <= 128: with the high bit set no byte borrows from its neighbour.
  WordBlock less_than(uint8_t n) const { return {~((v | kHigh) - kOnes * n) & ~v & kHigh}; }
  WordBlock equals(uint8_t c) const { return WordBlock{v ^ (kOnes * c)}.less_than(1); }
  WordBlock with_bits(uint8_t b) const { return {v | (kOnes * b)}; }
  WordBlock operator|(WordBlock o) const { return {v | o.v}; }
  WordBlock and_not(WordBlock o) const { return {v & ~o.v}; }
  WordBlock operator!() const { return {~v & kHigh}; }
  uint64_t bits() const { return v; }
};

#if defined(__SSE2__)
struct Sse2Block {
  static constexpr size_t kBytes = 16, kBitsPerByte = 1;
  using Smaller = WordBlock;
  __m128i v;

  static Sse2Block load(const char* p) { return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))}; }
  static __m128i all(uint8_t c) { return _mm_set1_epi8(static_cast<char>(c)); }
  Sse2Block less_than(uint8_t n) const {
    return {_mm_cmpeq_epi8(_mm_min_epu8(v, all(static_cast<uint8_t>(n - 1))), v)};
  }
  Sse2Block equals(uint8_t c) const { return {_mm_cmpeq_epi8(v, all(c))}; }
  Sse2Block with_bits(uint8_t b) const { return {_mm_or_si128(v, all(b))}; }
  Sse2Block operator|(Sse2Block o) const { return {_mm_or_si128(v, o.v)}; }
  Sse2Block and_not(Sse2Block o) const { return {_mm_andnot_si128(o.v, v)}; }
  Sse2Block operator!() const { return {_mm_xor_si128(v, all(0xff))}; }
  uint32_t bits() const { return static_cast<uint32_t>(_mm_movemask_epi8(v)); }
};
using WidestBlock = Sse2Block;
#else
using WidestBlock = WordBlock;
#endif

#if defined(__AVX2__)
struct Avx2Block {
  static constexpr size_t kBytes = 32, kBitsPerByte = 1;
  using Smaller = Sse2Block;
  __m256i v;

  static Avx2Block load(const char* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
  static __m256i all(uint8_t c) { return _mm256_set1_epi8(static_cast<char>(c)); }
  Avx2Block less_than(uint8_t n) const {
    return {_mm256_cmpeq_epi8(_mm256_min_epu8(v, all(static_cast<uint8_t>(n - 1))), v)};
  }
  Avx2Block equals(uint8_t c) const { return {_mm256_cmpeq_epi8(v, all(c))}; }
  Avx2Block with_bits(uint8_t b) const { return {_mm256_or_si256(v, all(b))}; }
  Avx2Block operator|(Avx2Block o) const { return {_mm256_or_si256(v, o.v)}; }
  Avx2Block and_not(Avx2Block o) const { return {_mm256_andnot_si256(o.v, v)}; }
  Avx2Block operator!() const { return {_mm256_xor_si256(v, all(0xff))}; }
  uint32_t bits() const { return static_cast<uint32_t>(_mm256_movemask_epi8(v)); }
};
#endif

// First byte of [p, end) that `marks` marks, or end.
template <class Block, class Marks>
inline const char* find_first(const char* p, const char* end, Marks marks) {
  while (static_cast<size_t>(end - p) >= Block::kBytes) {
    if (const auto bits = marks(Block::load(p)).bits(); bits != 0)
      return p + static_cast<size_t>(std::countr_zero(bits)) / Block::kBitsPerByte;
    p += Block::kBytes;
  }
  if constexpr (Block::kBytes > 1)
    return find_first<typename Block::Smaller>(p, end, marks);
  else
    return end;
}

// Bytes that cannot stand inside a line: controls except TAB (RFC 9110 5.5). Line ends are among them.
inline constexpr auto kControl = [](auto x) { return x.less_than(0x20).and_not(x.equals('\t')) | x.equals(0x7f); };

// Anything but letters, digits and '-': field names are rarely made of more, so that the exact table is rarely asked.
inline constexpr auto kNotPlainName = [](auto x) {
  const auto lower = x.with_bits(0x20);
  return !(lower.less_than('z' + 1).and_not(lower.less_than('a')) | x.less_than('9' + 1).and_not(x.less_than('0')) |
           x.equals('-'));
};

// Likewise for paths and queries: letters, digits and - . / _ = &
inline constexpr auto kNotPlainTarget = [](auto x) {
  const auto lower = x.with_bits(0x20);
  return !(lower.less_than('z' + 1).and_not(lower.less_than('a')) | x.less_than('9' + 1).and_not(x.less_than('-')) |
           x.equals('_') | x.equals('=') | x.equals('&'));
};

inline const char* find_control(const char* p, const char* end) { return find_first<WidestBlock>(p, end, kControl); }

}  // namespace fl::http::h1
