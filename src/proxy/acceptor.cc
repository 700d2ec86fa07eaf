#include "proxy/acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "net/proxy_protocol.h"
#include "proxy/tcp/postgres.h"
#include "tls/tls_stream.h"

namespace fl::proxy {
namespace {

constexpr Duration kDrainIdle = 1s;  // a first byte may be on its way

http::ConnectionInfo describe(const net::SocketAddress& peer, const net::SocketAddress& local) {
  http::ConnectionInfo info;
  info.peer = peer;
  info.local = local;
  info.peer_ip_size = static_cast<uint8_t>(peer.ip.write(info.peer_ip));
  return info;
}

// More bytes could make it a request for PostgreSQL's TLS.
bool may_become_postgres(std::string_view bytes) {
  return bytes.size() < tcp::kPostgresTlsRequest.size() && tcp::kPostgresTlsRequest.starts_with(bytes);
}

}  // namespace

bool ProxyProtocolTrust::trusts(const net::IpAddress& peer) const {
  return everyone || std::ranges::any_of(networks, [&peer](const net::Cidr& n) { return n.contains(peer); });
}

// A connection that the HTTP server does not have (yet).
struct Acceptor::Guest : tcp::Connection {
  explicit Guest(Worker& w) : Connection{w} {}

  size_t index = 0;                          // in guests_
  bool greeting = true;                      // nobody serves it yet
  bool given_away = false;                   // to the HTTP server
  bool drained = false;                      // to be let go, if it says nothing
  int handshaking = -1;                      // the descriptor, while TLS has it
  TimePoint deadline = net::Stream::kNever;  // for agreeing on TLS, once the first byte has come

  void end() {
    cancel();
    if (handshaking >= 0) ::shutdown(handshaking, SHUT_RDWR);  // wakes the handshake with an end of stream
  }
};

// Traefik's order: HTTPS routers that name the server, TCP routers other than the catch-all, HTTPS routers that name
// none, the TCP catch-all; whoever is left is told by HTTPS that there is nothing.
TlsRoute route_tls(const EntryPointSnapshot& routes, const tcp::ConnectionFacts& facts) {
  if (!facts.server_name.empty())
    if (const std::string* options = routes.tls_hosts.find(facts.server_name))
      return {.router = nullptr, .options = *options};
  const tcp::RouterPtr* found = routes.tcp_tls.find(facts);
  if (found == nullptr || ((*found)->rule->is_catch_all() && routes.tls_hosts.any_host()))
    return {.router = nullptr, .options = TlsHosts::kDefault};
  const bool terminates = (*found)->tls == tcp::TlsMode::terminate;
  return {.router = *found, .options = terminates ? std::string_view((*found)->tls_options) : std::string_view()};
}

Acceptor::Acceptor(Worker& worker, AcceptorOptions options, http::Server& server)
    : worker_(worker), options_(std::move(options)), server_(server) {}

Acceptor::~Acceptor() { FL_CHECK(guests_.empty()); }

const EntryPointSnapshot& Acceptor::routes() const {
  static const EntryPointSnapshot none;
  const Snapshot& snapshot = *worker_.current().snapshot;
  return options_.entry_point < snapshot.entry_points.size() ? snapshot.entry_points[options_.entry_point] : none;
}

void Acceptor::accept(int fd, const net::SocketAddress& peer) {
  if (on_opened_) on_opened_();
  auto guest = std::make_unique<Guest>(worker_);
  guest->stream = std::make_unique<net::TcpStream>(worker_.loop(), fd);
  guest->peer = peer;
  guest->local = local_;
  host(std::move(guest));
}

void Acceptor::drain() {
  const TimePoint end = worker_.loop().now() + kDrainIdle;
  for (Guest* guest : guests_) {
    if (!guest->greeting || guest->stream == nullptr) continue;
    guest->drained = true;
    guest->stream->set_read_deadline(std::min(guest->stream->read_deadline(), end));
  }
}

void Acceptor::close_all() {
  for (Guest* guest : guests_) guest->end();
}

net::Detached Acceptor::host(std::unique_ptr<Guest> guest) {
  guest->index = guests_.size();
  guests_.push_back(guest.get());
  if (options_.first_byte_timeout > 0s)
    guest->stream->set_read_deadline(worker_.loop().now() + options_.first_byte_timeout);
  co_await welcome(*guest);
  guests_.back()->index = guest->index;
  guests_[guest->index] = guests_.back();
  guests_.pop_back();
  if (!guest->given_away && on_closed_) on_closed_();
}

net::Task<> Acceptor::welcome(Guest& guest) {
  if (options_.proxy_protocol && !co_await take_proxy_header(guest)) co_return;
  // A server that speaks first would be waited for in vain: where only plain TCP is routed, no byte is needed.
  const EntryPointSnapshot& now = routes();
  if (!now.tcp.empty() && now.tcp_tls.empty() && now.tls_hosts.empty())
    if (tcp::RouterPtr router = find_plain(guest)) co_return co_await serve_router(guest, std::move(router));

  tls::ClientHello hello = co_await read_hello(guest);
  using Status = tls::ClientHello::Status;
  if (hello.status == Status::complete) co_return co_await serve_tls(guest, std::move(hello));
  if (hello.status != Status::not_tls) co_return;  // gone, too late, too large or malformed
  if (guest.in.view().starts_with(tcp::kPostgresTlsRequest) && !routes().tcp_tls.empty())
    co_return co_await serve_postgres(guest);
  co_await serve_plain(guest);
}

// Reads the header, if there is one, before anything else. -> the connection goes on; without one too, when none has
// come in time (Traefik), for its server may speak first.
net::Task<bool> Acceptor::take_proxy_header(Guest& guest) {
  net::ProxyHeader header;
  header.status = net::ProxyHeader::Status::incomplete;
  while (header.status == net::ProxyHeader::Status::incomplete) {
    const ssize_t n = co_await guest.stream->fill(guest.in);
    if (n == -ETIMEDOUT && !guest.drained) co_return true;
    if (n <= 0) co_return false;
    header = net::parse_proxy_header(guest.in.view());
  }
  if (header.status == net::ProxyHeader::Status::malformed) {
    log::debug("PROXY header of {}: malformed", guest.peer.to_string());
    co_return false;
  }
  guest.in.consume(header.size);
  if (header.has_addresses && options_.proxy_protocol->trusts(guest.peer.ip)) {
    guest.peer = header.source;
    guest.local = header.destination;
  }
  co_return true;
}

// By when TLS has to be agreed on, from the first time this is asked.
TimePoint Acceptor::deadline(Guest& guest) const {
  if (guest.deadline == net::Stream::kNever) guest.deadline = worker_.loop().now() + options_.handshake_timeout;
  return guest.deadline;
}

// Reads until it is known whether this is TLS, and if so, the whole hello. `incomplete`: the connection is lost.
net::Task<tls::ClientHello> Acceptor::read_hello(Guest& guest) {
  for (;;) {
    tls::ClientHello hello;
    if (!guest.in.empty()) hello = tls::parse_client_hello(guest.in.view());
    using Status = tls::ClientHello::Status;
    if (hello.status == Status::not_tls && !may_become_postgres(guest.in.view())) co_return hello;
    if (hello.status != Status::incomplete && hello.status != Status::not_tls) co_return hello;
    if (!guest.in.empty()) guest.stream->set_read_deadline(std::min(guest.stream->read_deadline(), deadline(guest)));
    if (co_await guest.stream->fill(guest.in) <= 0) co_return tls::ClientHello{};
  }
}

tcp::RouterPtr Acceptor::find_plain(const Guest& guest) const {
  const tcp::RouterPtr* found = routes().tcp.find({.server_name = {}, .alpn = {}, .client = guest.peer.ip});
  return found != nullptr ? *found : nullptr;
}

std::shared_ptr<const tls::ServerContext> Acceptor::context(std::string_view options) const {
  const auto& tls = worker_.current().snapshot->tls;
  return tls != nullptr ? tls->context(options) : nullptr;  // null before the first configuration
}

net::Task<> Acceptor::serve_plain(Guest& guest) {
  if (tcp::RouterPtr router = find_plain(guest)) co_return co_await serve_router(guest, std::move(router));
  give_to_http(guest);
}

net::Task<> Acceptor::serve_tls(Guest& guest, tls::ClientHello hello) {
  const TlsRoute route =
      route_tls(routes(), {.server_name = hello.server_name, .alpn = hello.alpn, .client = guest.peer.ip});
  if (route.router != nullptr && route.router->tls == tcp::TlsMode::passthrough)
    co_return co_await serve_router(guest, route.router);
  // The options' name may go with the snapshot: it is not looked at after the handshake.
  if (!co_await terminate(guest, context(route.options))) co_return;
  if (route.router != nullptr) co_return co_await serve_router(guest, route.router);
  give_to_http(guest);
}

// The server's yes is given before the server is known: only then the client says whom it wants.
net::Task<> Acceptor::serve_postgres(Guest& guest) {
  guest.in.consume(tcp::kPostgresTlsRequest.size());
  guest.stream->set_write_deadline(deadline(guest));
  if (co_await guest.stream->write(tcp::kPostgresTlsYes) != 0) co_return;
  guest.stream->set_write_deadline(net::Stream::kNever);
  const tls::ClientHello hello = co_await read_hello(guest);
  if (hello.status != tls::ClientHello::Status::complete) co_return;
  const tcp::RouterPtr* found =
      routes().tcp_tls.find({.server_name = hello.server_name, .alpn = hello.alpn, .client = guest.peer.ip});
  if (found == nullptr) co_return;
  tcp::RouterPtr router = *found;
  if (router->tls == tcp::TlsMode::passthrough)
    guest.postgres_tls = true;
  else if (!co_await terminate(guest, context(router->tls_options)))
    co_return;
  co_await serve_router(guest, std::move(router));
}

// Shakes hands; from then on the guest's stream is the plain text. -> it worked. Without a context the client is
// turned away: the options its server name asks for are broken.
net::Task<bool> Acceptor::terminate(Guest& guest, std::shared_ptr<const tls::ServerContext> context) {
  if (context == nullptr) {
    log::debug("TLS handshake with {}: the TLS options of its server name are broken", guest.peer.to_string());
    co_return false;
  }
  std::unique_ptr<net::TcpStream> socket(guest.stream.release()->plain());
  guest.handshaking = socket->fd();
  auto accepted =
      co_await tls::TlsStream::accept(std::move(socket), std::move(context), guest.in.view(), deadline(guest));
  guest.handshaking = -1;
  if (!accepted) {
    if (on_handshake_failed_) on_handshake_failed_(accepted.error().failure);
    log::debug("TLS handshake with {}: {}: {}", guest.peer.to_string(), tls::to_text(accepted.error().failure),
               accepted.error().detail);
    co_return false;
  }
  guest.in.consume(guest.in.size());
  guest.in.release_if_empty();
  guest.stream = *std::move(accepted);
  co_return !guest.canceled;
}

net::Task<> Acceptor::serve_router(Guest& guest, tcp::RouterPtr router) {
  if (worker_.refuses()) co_return;
  guest.greeting = false;
  guest.stream->set_read_deadline(net::Stream::kNever);
  co_await router->handler->handle(guest);
}

void Acceptor::give_to_http(Guest& guest) {
  guest.given_away = true;
  http::ConnectionInfo info = describe(guest.peer, guest.local);
  if (guest.stream->plain() == nullptr) {
    info.tls = true;
    info.negotiated = &static_cast<tls::TlsStream&>(*guest.stream).negotiated();
    info.alpn = info.negotiated->alpn;
  }
  server_.serve(std::move(guest.stream), info, guest.in.view());
}

}  // namespace fl::proxy
