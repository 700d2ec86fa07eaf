#include "tls/openssl/transport.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fl::tls::openssl {
namespace {

TEST(Transport, GivesWhatWasReadBeforeThenWhatTheSocketHas) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  ASSERT_EQ(::write(ends[1], "later", 5), 5);
  Transport transport{.fd = ends[0], .replay = std::string(600, 'x')};
  BIO* const bio = new_bio(transport);
  char out[1000];
  EXPECT_EQ(BIO_read(bio, out, 500), 500);
  EXPECT_EQ(BIO_read(bio, out, 500), 100);
  EXPECT_LT(transport.replay.capacity(), 100U);  // an idle connection does not keep its hello
  EXPECT_EQ(BIO_read(bio, out, 500), 5);
  EXPECT_EQ(std::string_view(out, 5), "later");
  EXPECT_TRUE(transport.drained);
  EXPECT_LE(BIO_read(bio, out, 500), 0);
  EXPECT_NE(BIO_should_retry(bio), 0);
  BIO_free(bio);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace fl::tls::openssl
