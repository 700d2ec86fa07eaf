// c-ares on a loop: its sockets, its time limits, and its questions. Private to net/. One loop; asks nothing by itself
// and remembers no answer.
#pragma once

#include <ares.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/loop.h"

namespace fl::net::dns {

class AresChannel {
 public:
  // `resolv_conf` is the file that names the name servers; empty: the system's. `port` is the one they answer on;
  // 0: 53.
  explicit AresChannel(Loop& loop, std::string resolv_conf = {}, uint16_t port = 0);
  ~AresChannel();  // open questions are called back with ARES_EDESTRUCTION
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  // False when the library could not be set up; ask() must then not be called.
  bool ok() const { return ok_; }
  // Calls back once, before this returns or in a later turn. `name` has to live until then.
  void ask(const std::string& name, const ares_addrinfo_hints& hints, ares_addrinfo_callback callback, void* argument);

 private:
  struct Socket;
  struct Tick : Timer {
    AresChannel& channel;
    explicit Tick(AresChannel& c);
  };

  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  void process(ares_socket_t readable, ares_socket_t writable);
  void arm();

  Loop& loop_;
  ares_channel channel_{};
  bool ok_ = false;
  Tick tick_{*this};
  std::unordered_map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
  std::vector<std::unique_ptr<Socket>> retired_;
};

}  // namespace fl::net::dns
