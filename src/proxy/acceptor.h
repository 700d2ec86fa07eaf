// What becomes of a connection that an entry point has accepted: who sent it (PROXY protocol), what its first bytes
// say, and so which protocol serves it. One per entry point and worker; worker thread.
//
//   accept -> [PROXY header] -> first bytes -> TCP router, in the clear
//                                           -> HTTP
//                                           -> ClientHello -> HTTPS (terminated)
//                                                          -> TCP router, terminated or passed through
//
// Bytes that were read to decide go on to whoever serves the connection; no system call is made twice. TLS is
// understood at every entry point, as in Traefik: where no router asks for it, the default certificate is shown and
// HTTPS says 404.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/server.h"
#include "net/address.h"
#include "net/task.h"
#include "proxy/snapshot.h"
#include "proxy/tcp/handler.h"
#include "proxy/tcp/router_table.h"
#include "proxy/worker.h"
#include "tls/client_hello.h"
#include "tls/handshake_error.h"
#include "tls/server_context.h"

namespace fl::proxy {

// Who may send a PROXY protocol header that is believed.
struct ProxyProtocolTrust {
  bool everyone = false;
  std::vector<net::Cidr> networks;
  bool trusts(const net::IpAddress& peer) const;
};

struct AcceptorOptions {
  uint32_t entry_point = 0;  // in Snapshot::entry_points
  std::optional<ProxyProtocolTrust> proxy_protocol;
  Duration first_byte_timeout = 60s;  // 0: none
  Duration handshake_timeout = 10s;   // from the first byte until the protocol is known and TLS agreed on
};

// Where a TLS connection goes: to a TCP router, or, where there is none, to HTTPS with these options. Pure, so that
// `fairlead explain` asks it too.
struct TlsRoute {
  tcp::RouterPtr router;
  std::string_view options;  // as long as the snapshot; empty: nothing is terminated here
};
TlsRoute route_tls(const EntryPointSnapshot& routes, const tcp::ConnectionFacts& facts);

class Acceptor {
 public:
  // `server` outlives the acceptor.
  Acceptor(Worker& worker, AcceptorOptions options, http::Server& server);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  void set_local(const net::SocketAddress& local) { local_ = local; }
  // Called for each connection that is accepted.
  void set_on_opened(std::function<void()> f) { on_opened_ = std::move(f); }
  // Called whenever a connection has gone that was not given to the HTTP server.
  void set_on_closed(std::function<void()> f) { on_closed_ = std::move(f); }
  // Called with the reason whenever a client's TLS handshake comes to nothing.
  void set_on_handshake_failed(std::function<void(tls::HandshakeFailure)> f) { on_handshake_failed_ = std::move(f); }

  // Takes the descriptor over.
  void accept(int fd, const net::SocketAddress& peer);

  // Whoever has said nothing yet is ended a moment later; TCP connections go on.
  void drain();
  // Ends every connection now. More than once is fine.
  void close_all();
  // Those that were not given to the HTTP server.
  size_t connections() const { return guests_.size(); }

 private:
  struct Guest;

  net::Detached host(std::unique_ptr<Guest> guest);
  net::Task<> welcome(Guest& guest);
  net::Task<bool> take_proxy_header(Guest& guest);
  net::Task<tls::ClientHello> read_hello(Guest& guest);
  net::Task<> serve_plain(Guest& guest);
  net::Task<> serve_tls(Guest& guest, tls::ClientHello hello);
  net::Task<> serve_postgres(Guest& guest);
  net::Task<> serve_router(Guest& guest, tcp::RouterPtr router);
  net::Task<bool> terminate(Guest& guest, std::shared_ptr<const tls::ServerContext> context);
  void give_to_http(Guest& guest);
  TimePoint deadline(Guest& guest) const;

  const EntryPointSnapshot& routes() const;
  tcp::RouterPtr find_plain(const Guest& guest) const;
  // Null when there are no (good) options of that name.
  std::shared_ptr<const tls::ServerContext> context(std::string_view options) const;

  Worker& worker_;
  const AcceptorOptions options_;
  http::Server& server_;
  net::SocketAddress local_{};
  std::function<void()> on_opened_, on_closed_;
  std::function<void(tls::HandshakeFailure)> on_handshake_failed_;
  std::vector<Guest*> guests_;  // each knows its place
};

}  // namespace fl::proxy
