#include "net/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "net/socket_calls.h"
#include "net/stop.h"

namespace fl::net {
namespace {

constexpr Duration kMinPause = 1ms, kMaxPause = 64ms;

}  // namespace

Stream::Stream(Loop& loop, int fd) : loop_(loop), fd_(fd), timer_(*this) {}

Stream::~Stream() {
  FL_ASSERT(read_op_ == nullptr && write_op_ == nullptr);
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (watched_) loop_.remove(fd_, *this);
  if (fd_ >= 0) ::close(fd_);
}

void Stream::watch() {
  if (watched_) return;
  watched_ = true;
  loop_.add(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
}

void Stream::suspend_read(Op& op, std::coroutine_handle<> waiter) noexcept {
  FL_ASSERT(read_op_ == nullptr);
  op.waiter = waiter;
  read_op_ = &op;
  watch();
  if (read_deadline_ != kNever) arm(read_deadline_);
}

void Stream::suspend_write(Op& op, std::coroutine_handle<> waiter) noexcept {
  FL_ASSERT(write_op_ == nullptr);
  op.waiter = waiter;
  write_op_ = &op;
  watch();
  if (write_deadline_ != kNever) arm(write_deadline_);
}

// The timer is left where it is as long as it fires no later than needed: on_timer() looks again.
void Stream::arm(TimePoint deadline) {
  if (!timer_.armed() || timer_.deadline() > deadline) loop_.timers().set(timer_, deadline);
}

void Stream::set_read_deadline(TimePoint t) {
  read_deadline_ = t;
  if (read_op_ != nullptr && t != kNever) arm(t);
}

void Stream::set_write_deadline(TimePoint t) {
  write_deadline_ = t;
  if (write_op_ != nullptr && t != kNever) arm(t);
}

void Stream::on_timer(Timer& timer) {
  Stream& s = static_cast<DeadlineTimer&>(timer).stream;
  const TimePoint now = s.loop_.now();
  TimePoint next = kNever;
  const auto look = [&](Op*& op, TimePoint deadline) {
    if (op == nullptr || deadline == kNever) return;
    if (deadline > now) {
      next = std::min(next, deadline);
      return;
    }
    op->result = -ETIMEDOUT;
    s.loop_.resume_later(std::exchange(op, nullptr)->waiter);
  };
  look(s.read_op_, s.read_deadline_);
  look(s.write_op_, s.write_deadline_);
  if (next != kNever) s.arm(next);
}

void Stream::cancel_read() {
  read_canceled_ = true;
  if (read_op_ == nullptr) return;
  read_op_->result = -ECANCELED;
  loop_.resume_later(std::exchange(read_op_, nullptr)->waiter);
}

void Stream::cancel_write() {
  write_canceled_ = true;
  if (write_op_ == nullptr) return;
  write_op_->result = -ECANCELED;
  loop_.resume_later(std::exchange(write_op_, nullptr)->waiter);
}

void Stream::on_events(uint32_t events) noexcept {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hup_ = rd_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) broken_ = true;
  if ((events & EPOLLIN) != 0) rd_ = true;
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) wr_ = true;

  bool destroyed = false;
  destroyed_ = &destroyed;
  if (hup_ && read_op_ == nullptr && listener_ != nullptr) {
    std::exchange(listener_, nullptr)->on_hangup(*this);
    if (destroyed) return;
  }
  if (read_op_ != nullptr && read_op_->attempt()) {
    std::exchange(read_op_, nullptr)->waiter.resume();
    if (destroyed) return;
  }
  if (write_op_ != nullptr && write_op_->attempt()) {
    std::exchange(write_op_, nullptr)->waiter.resume();
    if (destroyed) return;
  }
  destroyed_ = nullptr;
}

// Where there is room and yet something to wait for, no event tells when that is over.
Task<> Stream::shutdown_write(Duration limit) {
  if (try_shutdown_write()) co_return;
  StopSource never;
  set_write_deadline(loop_.now() + limit);
  for (Duration pause = kMinPause; !write_canceled_ && !broken_ && loop_.now() < write_deadline_;) {
    if (co_await writable() != 0 || try_shutdown_write()) co_return;
    if (!wr_) continue;
    co_await sleep_for(pause, never);
    pause = std::min(2 * pause, kMaxPause);
  }
}

bool Stream::Fill::attempt() noexcept {
  if (stream.read_canceled_) {
    result = -ECANCELED;
    return true;
  }
  if (!stream.rd_) return false;
  const auto room = in.room();
  result = stream.try_read(room.data(), room.size());
  if (result > 0) {
    in.commit(static_cast<size_t>(result));
    stream.loop_.spend(static_cast<size_t>(result));
    return true;
  }
  in.release_if_empty();
  return result != -EAGAIN;
}

Stream::Write::Write(Stream& s, std::initializer_list<std::string_view> pieces) : Op(s) {
  FL_ASSERT(pieces.size() <= kMaxParts);
  for (const auto& piece : pieces)
    if (!piece.empty()) parts[count++] = {const_cast<char*>(piece.data()), piece.size()};
}

bool Stream::Write::attempt() noexcept {
  if (stream.write_canceled_) {
    result = -ECANCELED;
    return true;
  }
  while (first < count) {
    const ssize_t n = stream.try_write(parts + first, count - first);
    if (n < 0) {
      result = n;
      return n != -EAGAIN;
    }
    auto left = static_cast<size_t>(n);
    while (first < count && left >= parts[first].iov_len) left -= parts[first++].iov_len;
    if (first < count) {
      parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + left;
      parts[first].iov_len -= left;
    }
  }
  result = 0;
  return true;
}

bool Stream::Readable::attempt() noexcept {
  result = stream.read_canceled_ ? -ECANCELED : 0;
  return stream.read_canceled_ || stream.rd_;
}

bool Stream::Writable::attempt() noexcept {
  result = stream.write_canceled_ ? -ECANCELED : 0;
  return stream.write_canceled_ || stream.wr_;
}

ssize_t Stream::send_as_it_is(const iovec* parts, int count) {
  if (!wr_) return -EAGAIN;
  ssize_t n;
  size_t want = 0;
  if (count == 1) {
    want = parts[0].iov_len;
    n = send(fd_, static_cast<const char*>(parts[0].iov_base), want);
  } else {
    for (int i = 0; i < count; ++i) want += parts[i].iov_len;
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<size_t>(count);
    n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  }
  if (n < 0) {
    if (errno == EAGAIN) wr_ = false;
    return errno == EINTR ? -EAGAIN : -errno;
  }
  if (static_cast<size_t>(n) < want) wr_ = false;
  return n;
}

// A short read means the kernel has no more, unless the peer has closed: then the end is still to be read.
ssize_t TcpStream::try_read(char* out, size_t size) {
  if (!rd_) return -EAGAIN;
  const ssize_t n = receive(fd_, out, size);
  if (n < 0) {
    if (errno == EINTR) return -EAGAIN;
    if (errno == EAGAIN) rd_ = false;
    return -errno;
  }
  if (n > 0 && static_cast<size_t>(n) < size && !hup_) rd_ = false;
  return n;
}

ssize_t TcpStream::try_write(const iovec* parts, int count) { return send_as_it_is(parts, count); }

bool TcpStream::try_shutdown_write() {
  ::shutdown(fd_, SHUT_WR);
  return true;
}

// A readable mark alone proves nothing: a read of exactly what was there leaves it set.
bool TcpStream::is_idle() {
  if (hup_) return false;
  if (!rd_) return true;
  char byte;
  if (::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN) return false;
  rd_ = false;
  return true;
}

void TcpStream::reset_on_close() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

int TcpStream::release() {
  if (std::exchange(watched_, false)) loop_.remove(fd_, *this);
  return std::exchange(fd_, -1);
}

}  // namespace fl::net
