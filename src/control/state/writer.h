// The single writer of the state. Commands come from any thread, run one after the other on the control thread, each in
// a Transaction of its own, and are answered once the store has what they changed. Those that are waiting at the same
// time share one commit (one sync of the disk); each still has a revision of its own and fails or succeeds alone.
//
//   write() -> [queue] -> Transaction -> Store::commit -> new View -> listener -> answers
//
// Made before the control thread runs; outlives every loop's last write(), and is outlived by those loops.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "control/state/ids.h"
#include "control/state/transaction.h"
#include "control/state/view.h"
#include "control/store/store.h"
#include "net/loop.h"
#include "net/task.h"

namespace fl::control::state {

// What one accepted command changed.
struct Accepted {
  Revision revision = 0;
  Scope scope;
  std::vector<Change> changes;
};

// What became visible at once.
struct Commit {
  std::shared_ptr<const View> view;
  std::vector<Accepted> accepted;  // in the order of their revisions
};

// Reads all of the store. Errors: the store's, and invalid for a record that cannot be read.
net::Task<Result<std::shared_ptr<const View>>> load_view(store::Store& store);

class Writer {
 public:
  using Command = std::move_only_function<bool(Transaction&)>;  // -> whether to keep what it wrote
  using Done = std::move_only_function<void(Result<>)>;         // once, on the control thread

  Writer(net::Loop& control_loop, store::Store& store, std::shared_ptr<const View> loaded, IdSource ids = {});

  // The newest view. Any thread; a write's answer comes after its view is here.
  std::shared_ptr<const View> view() const;

  // Runs `f` on the control thread and comes back on the caller's loop with what it returned, after that is durable.
  // When f's answer is a Result (or the like) with an error, nothing that it wrote is kept. Errors: the store's;
  // nothing is kept then either. `f` takes a Transaction& and must own what it uses.
  template <class F, class R = std::invoke_result_t<F&, Transaction&>>
  net::Task<Result<R>> write(Scope scope, F f) {
    std::optional<R> answer;
    Result<> kept = co_await Posted{*this, std::move(scope), [&answer, &f](Transaction& transaction) {
                                      answer.emplace(f(transaction));
                                      if constexpr (requires { answer->error(); })
                                        return answer->has_value();
                                      else
                                        return true;
                                    }};
    if (!kept) co_return tl::make_unexpected(std::move(kept).error());
    co_return *std::move(answer);
  }

  // ---- control thread only
  void submit(Scope scope, Command command, Done done = {});
  // Told of every commit, before its commands are answered.
  void add_listener(std::function<void(const std::shared_ptr<const Commit>&)> listener) {
    listeners_.push_back(std::move(listener));
  }
  // Set before the first command, if any action places tasks. Outlives the commands.
  void set_capacities(runner::Capacities* capacities) { capacities_ = capacities; }
  void set_drain_delay(Duration delay) { drain_delay_ = delay; }
  net::Loop& loop() { return loop_; }
  // From now on commands are answered with an error.
  void close() { closed_ = true; }
  bool idle() const { return !running_; }

 private:
  struct Entry {
    Scope scope;
    Command command;
    Done done;
  };

  // From the caller's loop to ours and back.
  struct Posted {
    Writer& writer;
    Scope scope;
    Command command;
    Result<> kept = {};

    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) {
      net::Loop& home = net::Loop::current();
      writer.loop_.post([this, caller, &home] {
        writer.submit(std::move(scope), std::move(command), [this, caller, &home](Result<> outcome) {
          kept = std::move(outcome);
          home.post([caller] { caller.resume(); });
        });
      });
    }
    Result<> await_resume() { return std::move(kept); }
  };

  net::Detached run();
  net::Task<> run_group();
  void run_one(Entry& entry, View& next, store::Batch& batch, Commit& commit, WallTime now);
  void publish(std::shared_ptr<const Commit> commit);

  // Few enough that one group's sync is not far away, many enough that a flood shares it.
  static constexpr size_t kMaxGroup = 256;

  net::Loop& loop_;
  store::Store& store_;
  IdSource ids_;
  runner::Capacities* capacities_ = nullptr;
  Duration drain_delay_{};
  std::vector<std::function<void(const std::shared_ptr<const Commit>&)>> listeners_;
  std::vector<Entry> queue_;
  bool running_ = false;
  bool closed_ = false;
  mutable std::mutex mutex_;  // of view_: API threads take it for as long as copying a pointer takes
  std::shared_ptr<const View> view_;
};

}  // namespace fl::control::state
