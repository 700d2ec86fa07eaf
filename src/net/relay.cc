#include "net/relay.h"

#include <algorithm>
#include <cerrno>

namespace fl::net {
namespace {

// From here on a read is taken for part of a bulk transfer, which the kernel moves without our help.
constexpr ssize_t kBulk = 32 << 10;
constexpr uint64_t kSpliceAtOnce = 16 << 20;  // then deadlines are looked at again

struct Side {
  Stream& stream;
  InBuffer& in;
  uint64_t moved = 0;                 // read here, written to the other side
  TimePoint end_by = Stream::kNever;  // for reading: the other side has ended
};

// Both directions of one relay.
class Relay {
 public:
  Relay(Side& a, Side& b, const RelayLimits& limits)
      : limits_(limits),
        loop_(a.stream.loop()),
        last_(loop_.now()),
        can_splice_(a.stream.plain() && b.stream.plain()) {}

  Task<> pump(Side& from, Side& to) {
    bool bulk = false;
    for (;;) {
      if (!from.in.empty()) {
        arm_write(to);
        if (co_await to.stream.write(from.in.view()) != 0) break;
        from.moved += from.in.size();
        from.in.consume(from.in.size());
        from.in.release_if_empty();
        last_ = loop_.now();
      }
      if (loop_.budget() <= 0) co_await yield();
      if (bulk) {
        bool ended = false;
        if (!co_await splice_what_is_there(from, to, ended)) break;
        if (ended) co_return co_await end(to);
      }
      arm_read(from);
      const ssize_t n = co_await from.stream.fill(from.in);
      if (n == -ETIMEDOUT && loop_.now() < std::min(idle_deadline(), from.end_by)) continue;  // the other way was busy
      if (n < 0) break;
      if (n == 0) co_return co_await end(to);
      bulk = can_splice_ && n >= kBulk;
    }
    from.stream.cancel();
    to.stream.cancel();
  }

 private:
  // -> neither side has failed
  Task<bool> splice_what_is_there(Side& from, Side& to, bool& ended) {
    for (;;) {
      arm_write(to);
      const SpliceResult result = co_await splice(*from.stream.plain(), to.stream, kSpliceAtOnce, WhenDry::come_back);
      from.moved += result.moved;
      last_ = loop_.now();
      if (result.from_error != 0 || result.to_error != 0) co_return false;
      ended = result.ended;
      if (result.moved < kSpliceAtOnce) co_return true;
    }
  }

  Task<> end(Side& to) {
    co_await to.stream.shutdown_write();
    if (!limits_.termination_delay) co_return;
    to.end_by = loop_.now() + *limits_.termination_delay;
    arm_read(to);
  }

  TimePoint idle_deadline() const { return limits_.idle > 0s ? last_ + limits_.idle : Stream::kNever; }
  void arm_read(Side& side) { side.stream.set_read_deadline(std::min(idle_deadline(), side.end_by)); }
  // A side that takes nothing for as long as it may be idle is gone.
  void arm_write(Side& side) {
    if (limits_.idle > 0s) side.stream.set_write_deadline(loop_.now() + limits_.idle);
  }

  const RelayLimits& limits_;
  Loop& loop_;
  TimePoint last_;  // that bytes moved
  const bool can_splice_;
};

}  // namespace

Task<RelayBytes> relay(Stream& first, InBuffer& first_in, Stream& second, InBuffer& second_in, RelayLimits limits) {
  Side a{first, first_in}, b{second, second_in};
  Relay relay(a, b, limits);
  TaskScope scope;
  scope.spawn(relay.pump(a, b));
  scope.spawn(relay.pump(b, a));
  co_await scope.join();
  co_return RelayBytes{.to_first = b.moved, .to_second = a.moved};
}

}  // namespace fl::net
