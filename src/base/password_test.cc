#include "base/password.h"

#include <gtest/gtest.h>

namespace fl {
namespace {

// Made by htpasswd (Apache 2.4) and openssl passwd.
TEST(Password, Verify) {
  const struct {
    std::string password, hash;
  } cases[] = {
      {"test", "$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"},
      {"test2", "$apr1$d9hr9HBB$4HxwgUir3HP4EsggP/QNo0"},
      {"a longer password than sixteen bytes", "$apr1$saltsalt$fQOsGdVFkAc33miSw81BR1"},
      {"", "$apr1$saltsalt$a8ml/vK5HEjiZ5oypDWA7/"},
      {"password", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="},
      {"secret", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"},
      {"secret", "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"},
      {"secret", "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"},
  };
  for (const auto& [password, hash] : cases) {
    EXPECT_TRUE(is_password_hash(hash));
    EXPECT_TRUE(verify_password(password, hash)) << hash;
    EXPECT_FALSE(verify_password(password + "x", hash)) << hash;
    EXPECT_FALSE(verify_password(password, hash + "x")) << hash;
    EXPECT_FALSE(verify_password(password, hash.substr(0, hash.size() - 1))) << hash;
  }
}

// RFC 1321 A.5
TEST(Password, Md5) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Password, WhatIsNoHash) {
  for (const std::string hash : {"", "plain", "$apr1$", "$apr1$salt", "$2y$", "$2y$10$short", "{MD5}x", "$9$x$y", "*"})
    for (const std::string password : {"", "plain", "*0", "*"}) EXPECT_FALSE(verify_password(password, hash)) << hash;
}

}  // namespace
}  // namespace fl
