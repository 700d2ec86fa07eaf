#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "net/stream.h"

namespace fl::net {

Task<std::unique_ptr<TcpStream>> connect(SocketAddress address, TimePoint deadline, int* error) {
  sockaddr_storage storage;
  const socklen_t length = address.to_sockaddr(storage);
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = -errno;
    co_return nullptr;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto stream = std::make_unique<TcpStream>(Loop::current(), fd);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0) {
    if (errno != EINPROGRESS) {
      *error = -errno;
      co_return nullptr;
    }
    stream->wr_ = false;
    stream->set_write_deadline(deadline);
    int result = co_await stream->writable();
    if (result == 0) {
      int so_error = 0;
      socklen_t size = sizeof so_error;
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &so_error, &size);
      result = -so_error;
    }
    if (result != 0) {
      *error = result;
      co_return nullptr;
    }
    stream->set_write_deadline(Stream::kNever);
  }
  *error = 0;
  co_return stream;
}

}  // namespace fl::net
