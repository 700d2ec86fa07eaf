// Kernel-side body transfer through a pooled pipe.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "net/stream.h"

namespace fl::net {
namespace {

constexpr size_t kPipeBytes = 256 << 10;
constexpr size_t kKeptPipes = 32;

struct Pipe {
  int read = -1;
  int write = -1;
};

struct PipePool {
  std::vector<Pipe> free;
  ~PipePool() {
    for (const Pipe& p : free) close(p);
  }
  static void close(const Pipe& p) {
    ::close(p.read);
    ::close(p.write);
  }
};
thread_local PipePool pool;

// A pipe for one transfer; one that still holds bytes at the end is closed, never reused.
class LeasedPipe {
 public:
  LeasedPipe() {
    if (!pool.free.empty()) {
      pipe_ = pool.free.back();
      pool.free.pop_back();
      return;
    }
    int fds[2];
    if (::pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) return;
    pipe_ = {fds[0], fds[1]};
    ::fcntl(pipe_.write, F_SETPIPE_SZ, kPipeBytes);  // the default 64 KiB is what stays if we may not
  }
  LeasedPipe(const LeasedPipe&) = delete;
  LeasedPipe& operator=(const LeasedPipe&) = delete;
  ~LeasedPipe() {
    if (pipe_.read < 0) return;
    if (held == 0 && pool.free.size() < kKeptPipes)
      pool.free.push_back(pipe_);
    else
      PipePool::close(pipe_);
  }
  explicit operator bool() const { return pipe_.read >= 0; }
  const Pipe& operator*() const { return pipe_; }

  size_t held = 0;

 private:
  Pipe pipe_;
};

}  // namespace

Task<SpliceResult> splice(TcpStream& from, Stream& to, uint64_t bytes, WhenDry when_dry) {
  SpliceResult result;
  LeasedPipe pipe;
  if (!pipe) {
    result.to_error = -EMFILE;
    co_return result;
  }
  Loop& loop = from.loop();
  uint64_t left = bytes;  // not yet read
  bool ended = false;
  while ((left > 0 && !ended) || pipe.held > 0) {
    if (left > 0 && !ended && pipe.held < kPipeBytes) {
      if (pipe.held == 0 && when_dry == WhenDry::come_back && !from.rd_) break;
      if (pipe.held == 0 && (result.from_error = co_await from.readable()) != 0) break;
      if (from.rd_) {
        const ssize_t n = ::splice(from.fd_, nullptr, (*pipe).write, nullptr,
                                   std::min<uint64_t>(left, kPipeBytes - pipe.held), SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
        if (n > 0) {
          pipe.held += static_cast<size_t>(n);
          left -= static_cast<uint64_t>(n);
          loop.spend(static_cast<size_t>(n));
        } else if (n == 0) {
          ended = true;
        } else if (errno == EAGAIN) {
          if (pipe.held == 0) from.rd_ = false;  // otherwise the pipe may be full, which says nothing of the socket
        } else {
          result.from_error = -errno;
          ended = true;
        }
      }
    }
    if (pipe.held > 0) {
      if ((result.to_error = co_await to.writable()) != 0) break;
      // Held back by the kernel while more is known to come; who stops when nothing is there does not know. TLS would
      // hold back for as long as it takes.
      const bool holds_back = left > 0 && !ended && when_dry == WhenDry::wait && to.plain() != nullptr;
      const unsigned more = holds_back ? SPLICE_F_MORE : 0;
      const ssize_t n =
          ::splice((*pipe).read, nullptr, to.fd_, nullptr, pipe.held, SPLICE_F_NONBLOCK | SPLICE_F_MOVE | more);
      if (n > 0) {
        pipe.held -= static_cast<size_t>(n);
        result.moved += static_cast<uint64_t>(n);
        to.count_spliced(static_cast<size_t>(n));
      } else if (errno == EAGAIN) {
        to.wr_ = false;
      } else {
        result.to_error = -errno;
        break;
      }
    }
    if (loop.budget() <= 0) co_await yield();
  }
  result.ended = ended && result.from_error == 0 && pipe.held == 0;
  co_return result;
}

}  // namespace fl::net
