#include "base/rsa_key.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace fl {
namespace {

TEST(RsaKey, SignsAndIsReadAgain) {
  const RsaKey key = RsaKey::generate();
  const auto again = RsaKey::from_private_key(key.private_key());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_TRUE(is_rsa_public_key(key.public_key()));
  const std::string signature = again->sign("text");
  EXPECT_TRUE(verify_rsa(key.public_key(), "text", signature));
  EXPECT_FALSE(verify_rsa(key.public_key(), "other text", signature));
  EXPECT_FALSE(verify_rsa(RsaKey::generate().public_key(), "text", signature));
  EXPECT_NE(key.sign("text"), signature) << "the salt is new each time";
}

// Made by OpenSSL 3: openssl genrsa 2048; openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32.
constexpr std::string_view kPublicKey =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAw6u1LgaMAQjzGa7dwoXGeg+tNv7zTB42eR5ADpmBgwbdJ5bAnQfiwkAVTyzQHrtFfLW0"
    "Iamn2HLngrOWzXygSMxEhr2NxWx/vjxFG/FF0u9D+cNFqCDbtJfZXKZQrhViye264ROcm+qX/E9/qMNVsgEet2fbdHa4hk4JTNOO75ES88X1P7WF"
    "XAqe+Dr20um2Rbbl42JOnHmBZk6TBBwVUN9xRBsUUUxoU7ZmCiRa6NCkXwcEoAIyoe3THvPuyIehkiHII1QIK7juFzQLPOBuVkSE2rwHSLbf7U8f"
    "fiq5droR6QVepYFyWyoFgCMPF3Ax3bGdX9vdkObwBLbYQyuwrwIDAQAB";
constexpr std::string_view kSignature =
    "g8cOdZuYBFhTYm/Np9p/e0fezTv1aOTU2IXI+pXfXVuzeE7i+I3NbyDIPCWq2SfAFyMP/+Ed2bKTUtSomylwIZQ3vOT8xwGdCo3r6ooO7L4T0WNp"
    "p83d5KKUmd5/74w46RHEnVrxF8HyoOms8neH5BF+KGtQUOYq5uLCUu9B+ahZPvu8XyTt7c14pwYe1RafOjAam7Aeo2nTQVZ+SjlJHwcULjxXIbAQ"
    "tTQvbah/8eqAsZAogQenHCpMpHB3OjTDhRXJeG0G240psqBQIAqLjTe4LX4wvswMebzlkqROiZJEFUi9HIzXYQtzVqYVXKkcxzwT8boDjW+MkR5y"
    "1E5ajw==";

TEST(RsaKey, VerifiesWhatOthersSign) {
  EXPECT_TRUE(verify_rsa(kPublicKey, "text", kSignature));
  EXPECT_FALSE(verify_rsa(kPublicKey, "Text", kSignature));
}

TEST(RsaKey, RefusesWhatIsNoKey) {
  for (const std::string& text : {std::string(), std::string("%"), base64_encode("no key"), std::string(400, 'A')}) {
    EXPECT_FALSE(is_rsa_public_key(text)) << text;
    EXPECT_FALSE(verify_rsa(text, "text", kSignature)) << text;
    EXPECT_FALSE(RsaKey::from_private_key(text)) << text;
  }
  EXPECT_FALSE(verify_rsa(kPublicKey, "text", "%"));
  EXPECT_FALSE(verify_rsa(kPublicKey, "text", ""));
  EXPECT_FALSE(RsaKey::from_private_key(kPublicKey));
  // 1024 bits.
  EXPECT_FALSE(is_rsa_public_key(
      "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDDfOtIm11hh/FrLBIe32f8eJ0/fYBMlvrzcspQ7aO3lPTxVM8RdRfaoVSE4Tg7hJhkyaiAGiNR"
      "E6K102qLwzrzuU41sRM9ShrecGiogP5KbqwbY0vNVCziqIFi/nfYvjeXS0wESRWTEG4PhH3cMwniOQK3XpTfTVjR7KT2wRCvFQIDAQAB"));
}

}  // namespace
}  // namespace fl
