#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/stream.h"

namespace fl::net {

std::unique_ptr<TcpStream> start_connect(const SocketAddress& address, int* error) {
  sockaddr_storage storage;
  const socklen_t length = address.to_sockaddr(storage);
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = -errno;
    return nullptr;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto stream = std::make_unique<TcpStream>(Loop::current(), fd);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0) {
    if (errno != EINPROGRESS) {
      *error = -errno;
      return nullptr;
    }
    stream->wr_ = false;  // until the handshake is over
  }
  *error = 0;
  return stream;
}

std::unique_ptr<TcpStream> connect_unix(const std::string& path, int* error) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    *error = -ENAMETOOLONG;
    return nullptr;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = -errno;
    return nullptr;
  }
  auto stream = std::make_unique<TcpStream>(Loop::current(), fd);
  const int failed = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  *error = failed != 0 ? -errno : 0;
  return failed != 0 ? nullptr : std::move(stream);
}

Task<int> connected(TcpStream& stream, TimePoint deadline) {
  stream.set_write_deadline(deadline);
  int result = co_await stream.writable();
  stream.set_write_deadline(Stream::kNever);
  if (result == 0) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(stream.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    result = -error;
  }
  co_return result;
}

Task<std::unique_ptr<TcpStream>> connect(SocketAddress address, TimePoint deadline, int* error) {
  auto stream = start_connect(address, error);
  if (stream != nullptr && (*error = co_await connected(*stream, deadline)) != 0) stream.reset();
  co_return stream;
}

}  // namespace fl::net
