// recv() and send() for the request path. glibc's are points of cancellation, which nobody here makes use of: in a
// program with threads each has an atomic exchange before and after the system call: 1.3 % of a small request (`perf`).
// Under a sanitizer they are glibc's, whose buffers it checks.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>

namespace fl::net {

// -> as recv(2) with no flags, errno and all
inline ssize_t receive(int fd, char* out, size_t size) noexcept {
#ifdef FL_SANITIZED
  return ::recv(fd, out, size, 0);
#else
  return ::syscall(SYS_recvfrom, fd, out, size, 0, nullptr, nullptr);
#endif
}

// -> as send(2) with MSG_NOSIGNAL, errno and all
inline ssize_t send(int fd, const char* data, size_t size) noexcept {
#ifdef FL_SANITIZED
  return ::send(fd, data, size, MSG_NOSIGNAL);
#else
  return ::syscall(SYS_sendto, fd, data, size, MSG_NOSIGNAL, nullptr, 0);
#endif
}

}  // namespace fl::net
