#include "agent/metadata/aws_address.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "net/address.h"
#include "net/listener.h"

namespace fl::agent::metadata {
namespace {

// Connects as a program of this machine does. -> who it seems to be, to the one that listens
std::string peer_of_a_connection(int listener) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage storage;
  const socklen_t length = net::SocketAddress{*net::IpAddress::parse(kAwsAddress), 80}.to_sockaddr(storage);
  std::string peer;
  if (::connect(client, reinterpret_cast<const sockaddr*>(&storage), length) == 0) {
    pollfd ready{listener, POLLIN, 0};
    socklen_t size = sizeof storage;
    const int accepted =
        ::poll(&ready, 1, 5000) == 1 ? ::accept(listener, reinterpret_cast<sockaddr*>(&storage), &size) : -1;
    if (accepted >= 0) peer = net::SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage)).ip.to_string();
    ::close(accepted);
  }
  ::close(client);
  return peer;
}

TEST(AwsAddress, IsThereAsLongAsItsSocketAndForOneAgent) {
  bool may = true;
  // In a thread, which alone goes into a network of its own.
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      may = false;
      return;
    }
    auto listener = listen_on_aws_address();
    ASSERT_TRUE(listener) << listener.error().message;
    EXPECT_EQ(peer_of_a_connection(*listener), "169.254.170.1");
    // Port 80 of the machine is free for those who serve the web.
    const auto web = net::listen_tcp("0.0.0.0", 80);
    EXPECT_TRUE(web);
    if (web) ::close(*web);

    const auto other = listen_on_aws_address();
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::conflict);
    EXPECT_EQ(other.error().message, "fairlead0: File exists");

    ::close(*listener);  // the kernel takes its time to remove what nobody uses any more
    listener = listen_on_aws_address();
    for (int i = 0; i < 1000 && !listener; ++i) {
      ::poll(nullptr, 0, 10);
      listener = listen_on_aws_address();
    }
    ASSERT_TRUE(listener) << listener.error().message;
    ::close(*listener);
  }).join();
  if (!may) GTEST_SKIP() << "needs root";
}

}  // namespace
}  // namespace fl::agent::metadata
