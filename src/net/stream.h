// A connection as coroutines see it: read, write, wait, with a deadline each way. TcpStream is the plain one; TLS is
// another. Belongs to one loop; readiness is remembered a direction, so no system call is made that cannot succeed.
//
//   event -> readiness bits -> pending read retried -> its coroutine resumed -> pending write retried -> resumed
//
// At most one read and one write are pending at a time. Results are bytes, 0 for the end of the stream, or -errno:
// -ETIMEDOUT after the deadline, -ECANCELED after cancel().
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/buffer.h"
#include "net/loop.h"
#include "net/task.h"

namespace fl::net {

class Stream;
class TcpStream;
struct SpliceResult;
enum class WhenDry : uint8_t { wait, come_back };  // what splice() does while there is nothing to read

// Told once when the peer closes, half-closes or resets while nobody reads.
class HangupListener {
 public:
  virtual void on_hangup(Stream& stream) noexcept = 0;

 protected:
  ~HangupListener() = default;
};

class Stream : public Pollable {
 public:
  static constexpr TimePoint kNever = TimePoint::max();

  virtual ~Stream();

  // ---- without waiting: bytes, 0 = end (read only), -EAGAIN or another -errno
  virtual ssize_t try_read(char* out, size_t size) = 0;
  virtual ssize_t try_write(const iovec* parts, int count) = 0;
  // Ends our direction; the peer reads an end of stream. False: what was written, or says that this is the end, has
  // still to leave, and this has to be called again.
  virtual bool try_shutdown_write() = 0;
  // Nothing unread and not closed: fit to carry another message. Costs a system call only when in doubt.
  virtual bool is_idle() = 0;
  // Itself, when what is on the wire is what is read and written, so that splice works; else null.
  virtual TcpStream* plain() { return nullptr; }
  // The connection works, but should carry no further message: its keys have protected enough.
  virtual bool is_worn() const { return false; }

  // ---- what the kernel moves into the descriptor
  // Whether `bytes` of that would reach the peer as if they were written; TLS may make it so, once asked.
  virtual bool takes_splice([[maybe_unused]] uint64_t bytes) { return false; }
  // So many were.
  virtual void count_spliced([[maybe_unused]] size_t bytes) {}

  // ---- awaitables
  struct Op {
    Stream& stream;
    std::coroutine_handle<> waiter{};
    ssize_t result = -EAGAIN;
    explicit Op(Stream& s) : stream(s) {}
    virtual bool attempt() noexcept = 0;  // true: result is final

   protected:
    ~Op() = default;
  };

  // Appends what there is to `in`, which leases memory only once data is there. -> bytes | 0 | -errno
  struct [[nodiscard]] Fill final : Op {
    InBuffer& in;
    Fill(Stream& s, InBuffer& buffer) : Op(s), in(buffer) {}
    bool attempt() noexcept override;
    bool await_ready() noexcept { return attempt(); }
    void await_suspend(std::coroutine_handle<> h) noexcept { stream.suspend_read(*this, h); }
    ssize_t await_resume() const noexcept { return result; }
  };
  Fill fill(InBuffer& in) { return {*this, in}; }

  // Writes all of up to four pieces, which must stay alive until then. -> 0 | -errno
  struct [[nodiscard]] Write final : Op {
    static constexpr int kMaxParts = 4;
    iovec parts[kMaxParts];
    int count = 0, first = 0;
    Write(Stream& s, std::initializer_list<std::string_view> pieces);
    bool attempt() noexcept override;
    bool await_ready() noexcept { return attempt(); }
    void await_suspend(std::coroutine_handle<> h) noexcept { stream.suspend_write(*this, h); }
    int await_resume() const noexcept { return static_cast<int>(result); }
  };
  Write write(std::string_view a) { return {*this, {a}}; }
  Write write(std::initializer_list<std::string_view> pieces) { return {*this, pieces}; }

  // Until a read (a write) may make progress. -> 0 | -errno
  struct [[nodiscard]] Readable final : Op {
    using Op::Op;
    bool attempt() noexcept override;
    bool await_ready() noexcept { return attempt(); }
    void await_suspend(std::coroutine_handle<> h) noexcept { stream.suspend_read(*this, h); }
    int await_resume() const noexcept { return static_cast<int>(result); }
  };
  Readable readable() { return Readable(*this); }
  struct [[nodiscard]] Writable final : Op {
    using Op::Op;
    bool attempt() noexcept override;
    bool await_ready() noexcept { return attempt(); }
    void await_suspend(std::coroutine_handle<> h) noexcept { stream.suspend_write(*this, h); }
    int await_resume() const noexcept { return static_cast<int>(result); }
  };
  Writable writable() { return Writable(*this); }

  // Ends our direction, however long that takes, but for a peer that takes nothing for so long.
  Task<> shutdown_write(Duration limit = 1min);

  // ---- deadlines: in force for every operation from now on, until changed; storing one costs nothing
  void set_read_deadline(TimePoint t);
  void set_write_deadline(TimePoint t);
  TimePoint read_deadline() const { return read_deadline_; }

  // Completes what is pending with -ECANCELED and fails every later operation likewise until uncancel().
  void cancel_read();
  void cancel_write();
  void cancel() {
    cancel_read();
    cancel_write();
  }
  void uncancel() { read_canceled_ = write_canceled_ = false; }

  // The peer has closed, half-closed or reset (known without a system call).
  bool hung_up() const { return hup_; }
  // The connection is broken both ways, not merely half-closed.
  bool broken() const { return broken_; }
  // A read may make progress, as far as is known.
  bool may_read() const { return rd_; }
  void set_hangup_listener(HangupListener* listener) { listener_ = listener; }

  Loop& loop() { return loop_; }
  int fd() const { return fd_; }
  // Has the loop tell us of events from now on; otherwise done at the first suspension.
  void watch();

  void on_events(uint32_t epoll_events) noexcept final;

 protected:
  Stream(Loop& loop, int fd);  // owns the descriptor
  ssize_t send_as_it_is(const iovec* parts, int count);

  Loop& loop_;
  int fd_;
  bool rd_ = false;  // try_read may make progress
  bool wr_ = true;   // try_write may make progress
  bool hup_ = false;
  bool broken_ = false;

 private:
  void suspend_read(Op& op, std::coroutine_handle<> waiter) noexcept;
  void suspend_write(Op& op, std::coroutine_handle<> waiter) noexcept;
  void arm(TimePoint deadline);
  static void on_timer(Timer& timer);

  friend class TcpStream;
  friend Task<SpliceResult> splice(TcpStream&, Stream&, uint64_t, WhenDry);
  bool watched_ = false;
  bool read_canceled_ = false;
  bool write_canceled_ = false;
  bool* destroyed_ = nullptr;  // tells on_events that a resumed coroutine destroyed us
  Op* read_op_ = nullptr;
  Op* write_op_ = nullptr;
  HangupListener* listener_ = nullptr;
  TimePoint read_deadline_ = kNever;
  TimePoint write_deadline_ = kNever;
  struct DeadlineTimer : Timer {
    Stream& stream;
    explicit DeadlineTimer(Stream& s) : Timer(&Stream::on_timer), stream(s) {}
  } timer_;
};

struct SpliceResult {
  uint64_t moved = 0;  // bytes that left `from` and reached `to`
  bool ended = false;  // `from` has, and all it sent was moved
  int from_error = 0;  // -errno of the side that failed; both 0 when `from` ended or all was moved
  int to_error = 0;
};

// Plain TCP.
class TcpStream final : public Stream {
 public:
  // `fd` is connected and non-blocking.
  TcpStream(Loop& loop, int fd) : Stream(loop, fd) {}

  ssize_t try_read(char* out, size_t size) override;
  ssize_t try_write(const iovec* parts, int count) override;
  bool try_shutdown_write() override;
  bool is_idle() override;
  TcpStream* plain() override { return this; }
  bool takes_splice(uint64_t) override { return true; }
  // Closes with a reset instead of a FIN: the peer must not take what it got for complete.
  void reset_on_close();
  // Gives the descriptor up: for a TLS stream that goes on with it, or a hand-over.
  int release();

 private:
  friend std::unique_ptr<TcpStream> start_connect(const SocketAddress&, int*);
};

// Begins to connect on the current loop; `connected` waits for it. Null on failure, with *error = -errno.
std::unique_ptr<TcpStream> start_connect(const SocketAddress& address, int* error);
// -> 0 once connected | -errno; -ETIMEDOUT after the deadline, -ECANCELED after cancel().
Task<int> connected(TcpStream& stream, TimePoint deadline);

// A stream on the unix socket at `path`. Null on failure, with *error = -errno: local connects never wait.
std::unique_ptr<TcpStream> connect_unix(const std::string& path, int* error);

// Both steps. Null on failure, with *error as above.
Task<std::unique_ptr<TcpStream>> connect(SocketAddress address, TimePoint deadline, int* error);

// Moves `bytes` from one stream to the other, which takes_splice(), inside the kernel, within both deadlines, giving
// way to others by the loop's budget. Fewer are moved when `from` ends early, a side fails, or `from` is dry and that
// is asked for.
Task<SpliceResult> splice(TcpStream& from, Stream& to, uint64_t bytes, WhenDry when_dry = WhenDry::wait);

}  // namespace fl::net
