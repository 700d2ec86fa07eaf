// Signals as events of a loop. Blocked in every thread before the first is started.
#pragma once

#include <functional>
#include <initializer_list>

#include "net/loop.h"

namespace fl::app {

class Signals final : public net::Pollable {
 public:
  // To be called before any thread is started; SIGPIPE is ignored as well.
  static void block(std::initializer_list<int> signals);

  // `on_signal` is called on the loop's thread for each signal that comes in.
  Signals(net::Loop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
  ~Signals();

  void on_events(uint32_t epoll_events) noexcept override;

 private:
  net::Loop& loop_;
  int fd_;
  std::function<void(int)> on_signal_;
};

}  // namespace fl::app
