#include "http/h1/scan.h"

#include <gtest/gtest.h>

#include <string>

namespace fl::http::h1 {
namespace {

template <class Block>
class Scan : public testing::Test {};

using Blocks = testing::Types<ByteBlock, WordBlock
#if defined(__SSE2__)
                              ,
                              Sse2Block
#endif
#if defined(__AVX2__)
                              ,
                              Avx2Block
#endif
                              >;
TYPED_TEST_SUITE(Scan, Blocks);

bool is_letter_or_digit(int c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 128); }

// Each class against its definition in words, for every byte at every offset of blocks of every size.
template <class Block, class Marks, class Definition>
void check(Marks marks, Definition is_marked) {
  for (size_t size = 0; size <= 70; ++size) {
    for (int c = 0; c < 256; ++c) {
      for (size_t at = 0; at < size; at += size > 40 ? 7 : 1) {
        // Bytes before and behind the range would be found, if read.
        std::string text = "\n" + std::string(size, 'a') + "\n";
        text[1 + at] = static_cast<char>(c);
        const char* const begin = text.data() + 1;
        const char* const found = find_first<Block>(begin, begin + size, marks);
        ASSERT_EQ(found - begin, static_cast<ptrdiff_t>(is_marked(c) ? at : size)) << "byte " << c << " of " << size;
      }
    }
  }
}

TYPED_TEST(Scan, Control) {
  check<TypeParam>(kControl, [](int c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

TYPED_TEST(Scan, PlainName) {
  check<TypeParam>(kNotPlainName, [](int c) { return !is_letter_or_digit(c) && c != '-'; });
}

TYPED_TEST(Scan, PlainTarget) {
  check<TypeParam>(kNotPlainTarget, [](int c) {
    return !is_letter_or_digit(c) && std::string_view("-./_=&").find(static_cast<char>(c)) == std::string_view::npos;
  });
}

TYPED_TEST(Scan, FindsTheFirstOfMany) {
  for (size_t at = 0; at < 60; ++at) {
    const std::string text = std::string(at, 'a') + std::string(60 - at, '\0');
    EXPECT_EQ(find_first<TypeParam>(text.data(), text.data() + text.size(), kControl) - text.data(),
              static_cast<ptrdiff_t>(at));
  }
}

}  // namespace
}  // namespace fl::http::h1
