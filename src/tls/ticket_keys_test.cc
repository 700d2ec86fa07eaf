#include "tls/ticket_keys.h"

#include <gmock/gmock.h>

namespace fl::tls {
namespace {

using ::testing::HasSubstr;

const std::string kSecret(TicketKeys::kMinSecretBytes, 's');
constexpr auto kPeriod = TicketKeys::kRotation;
constexpr WallTime kStart = WallTime(kPeriod * 1000);

using Name = decltype(TicketKeys::Key::name);
std::vector<Name> names(const TicketKeys& keys) {
  std::vector<Name> out;
  for (const auto& key : *keys.current()) out.push_back(key.name);
  return out;
}

TEST(TicketKeys, RandomOnesRotateAndAreForgotten) {
  TicketKeys keys(kStart);
  const auto first = names(keys);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_NE(first, names(TicketKeys(kStart)));
  keys.rotate(kStart + kPeriod - 1ns);
  EXPECT_EQ(names(keys), first);
  for (size_t i = 1; i < TicketKeys::kKept; ++i) {
    keys.rotate(kStart + kPeriod * i);
    ASSERT_EQ(names(keys).size(), i + 1);
    EXPECT_NE(names(keys).front(), first.front());
    EXPECT_EQ(names(keys).back(), first.front());
  }
  keys.rotate(kStart + kPeriod * TicketKeys::kKept);
  EXPECT_EQ(names(keys).size(), TicketKeys::kKept);
  EXPECT_NE(names(keys).back(), first.front());
  keys.rotate(kStart + kPeriod * 100);
  EXPECT_EQ(names(keys).size(), 1u) << "all have gone while nobody looked";
}

TEST(TicketKeys, ThoseOfASecretAreTheSameEverywhere) {
  const auto one = *TicketKeys::shared(kSecret, kStart);
  const auto two = *TicketKeys::shared(kSecret, kStart + kPeriod / 2);
  EXPECT_EQ(names(*one), names(*two));
  EXPECT_NE(names(*one), names(**TicketKeys::shared(kSecret + "x", kStart)));
  ASSERT_EQ(names(*one).size(), TicketKeys::kKept + 1);
  two->rotate(kStart + kPeriod);
  EXPECT_EQ(names(*two)[0], names(*one).back()) << "who is ahead is understood";
  EXPECT_EQ(names(*two)[1], names(*one)[0]) << "and understands who is behind";
  for (const auto& key : *one->current()) {
    EXPECT_NE(key.cipher, key.mac);
    EXPECT_NE(key.cipher, one->current()->back().mac);
  }
}

TEST(TicketKeys, TheSecretMayChangeAndMustBeLong) {
  EXPECT_THAT(TicketKeys::shared("short", kStart).error().message, HasSubstr("has 5 bytes and needs 32"));
  const auto keys = *TicketKeys::shared(kSecret, kStart);
  const auto before = names(*keys);
  EXPECT_FALSE(keys->set_secret("", kStart));
  EXPECT_EQ(names(*keys), before);
  EXPECT_TRUE(keys->set_secret(kSecret + "new", kStart));
  EXPECT_NE(names(*keys), before);
}

}  // namespace
}  // namespace fl::tls
