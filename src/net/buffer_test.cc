#include "net/buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace fl::net {
namespace {

void put(InBuffer& in, std::string_view text) {
  ASSERT_FALSE(in.room().empty());
  in.append(text);
}

TEST(InBuffer, HoldsNothingUntilAsked) {
  InBuffer in;
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.view(), "");
  in.release_if_empty();
  EXPECT_EQ(in.room().size(), kBlockBytes);
}

TEST(InBuffer, ViewsStayWhileTheFrontIsConsumed) {
  InBuffer in;
  put(in, "head body");
  const std::string_view head = in.view().substr(0, 4);
  in.consume(5);
  EXPECT_EQ(in.view(), "body");
  EXPECT_EQ(head, "head");
  in.consume(4);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(head, "head");  // until the next room()
}

TEST(InBuffer, GrowsAndMovesWithoutLosingBytes) {
  InBuffer in;
  std::string all;
  for (int i = 0; i < 40000; ++i) all += std::to_string(i) + " ";
  put(in, all);
  EXPECT_EQ(in.view(), all);
  in.consume(150000);  // far enough that the rest is moved to the front, not grown
  put(in, all);
  EXPECT_EQ(in.view(), all.substr(150000) + all);
  in.truncate(10);
  EXPECT_EQ(in.view(), all.substr(150000, 10));
  in.consume(10);
  in.release_if_empty();
  EXPECT_EQ(in.room().size(), kBlockBytes);
}

TEST(InBuffer, SmallReadsBehindALargeFrontKeepOneBlock) {
  InBuffer in;
  const std::string piece(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    put(in, piece);
    in.consume(i % 2 == 0 ? 999 : 1001);
    EXPECT_LE(in.size(), 1U);
  }
  EXPECT_LE(in.room().size(), kBlockBytes);
}

TEST(Block, IsReused) {
  char* first;
  {
    Block block;
    first = block.data();
    block.data()[Block::size() - 1] = 'x';
  }
  Block again;
  EXPECT_EQ(again.data(), first);
}

}  // namespace
}  // namespace fl::net
