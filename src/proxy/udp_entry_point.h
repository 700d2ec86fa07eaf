// A UDP entry point on one worker: sessions by client address, each with a socket to the one server that was chosen for
// it (Traefik: UDP). The kernel gives all datagrams of a client to the same worker's socket. Worker thread.
//
//   first datagram -> session: server chosen, its name resolved, socket -> datagrams both ways -> idle -> gone
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/time.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/task.h"
#include "proxy/worker.h"

namespace fl::proxy::udp {

struct EntryPointOptions {
  uint32_t index = 0;     // in Snapshot::udp_entry_points
  Duration timeout = 3s;  // a session without datagrams ends after that
  size_t max_sessions = 10'000;
};

class EntryPoint final : private net::Pollable {
 public:
  // Takes `fd` over: bound, non-blocking.
  EntryPoint(Worker& worker, const EntryPointOptions& options, int fd);
  ~EntryPoint();
  EntryPoint(const EntryPoint&) = delete;
  EntryPoint& operator=(const EntryPoint&) = delete;

  void set_on_opened(std::function<void()> f) { on_opened_ = std::move(f); }
  void set_on_closed(std::function<void()> f) { on_closed_ = std::move(f); }

  void start();
  // No new sessions from now on; those that are there end when they fall idle.
  void stop_accepting() { accepting_ = false; }
  void close_all();
  // Sessions, and what still runs for them.
  size_t sessions() const { return sessions_.size() + resolving_; }

 private:
  struct Session;
  struct AddressHash {
    size_t operator()(const net::SocketAddress& address) const noexcept;
  };

  void on_events(uint32_t epoll_events) noexcept override;
  Session* session_of(const net::SocketAddress& client, const std::optional<net::IpAddress>& destination);
  Session* open(const net::SocketAddress& client, const std::optional<net::IpAddress>& destination);
  void remove(Session& session);
  net::Task<> resolve(net::SocketAddress client, uint64_t id, std::string host, uint16_t port);

  Worker& worker_;
  const EntryPointOptions options_;
  const int fd_;
  bool accepting_ = true;
  bool started_ = false;
  std::function<void()> on_opened_, on_closed_;
  uint64_t next_id_ = 0;
  size_t resolving_ = 0;
  std::unordered_map<net::SocketAddress, std::unique_ptr<Session>, AddressHash> sessions_;
};

}  // namespace fl::proxy::udp
