#include "proxy/tcp/dial.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/proxy_protocol.h"
#include "tls/tls_stream.h"

namespace fl::proxy::tcp {
namespace {

void keep_alive(int fd, Duration interval) {
  const int on = interval >= 0s;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const auto seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(interval).count());
  if (seconds <= 0) return;  // 0: the system's own
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
}

std::string proxy_header(int version, const Behalf& behalf) {
  return version == 1 ? net::write_proxy_header_v1(behalf.client, behalf.local)
                      : net::write_proxy_header_v2(behalf.client, behalf.local);
}

// The first of the server's addresses that can be reached.
net::Task<std::unique_ptr<net::TcpStream>> connect_any(std::vector<net::IpAddress> addresses, uint16_t port,
                                                       TimePoint deadline, net::Stream*& in_progress, int& error) {
  for (const net::IpAddress& ip : addresses) {
    auto stream = net::start_connect({ip, port}, &error);
    if (stream == nullptr) continue;
    in_progress = stream.get();
    error = co_await net::connected(*stream, deadline);
    in_progress = nullptr;
    if (error == 0) co_return stream;
    if (error == -ECANCELED) break;
  }
  co_return nullptr;
}

}  // namespace

net::Task<Result<std::unique_ptr<net::Stream>>> dial(net::Resolver& resolver, const Server& server,
                                                     const Transport& transport, const Behalf* behalf,
                                                     net::Stream*& in_progress) {
  auto addresses = co_await resolver.resolve(server.host);
  if (!addresses)
    co_return tl::make_unexpected(std::move(addresses).error().context(fmt::format("resolving {}", server.host)));
  const TimePoint deadline =
      transport.dial_timeout > 0s ? net::Loop::current().now() + transport.dial_timeout : net::Stream::kNever;
  int error = 0;
  auto socket = co_await connect_any(*std::move(addresses), server.port, deadline, in_progress, error);
  if (socket == nullptr)
    co_return fail(error == -ETIMEDOUT ? Code::timeout : Code::unavailable,
                   fmt::format("connecting to {}: {}", server.address, std::strerror(-error)));
  keep_alive(socket->fd(), transport.keep_alive);
  if (behalf != nullptr && transport.proxy_protocol != 0) {
    const std::string header = proxy_header(transport.proxy_protocol, *behalf);
    socket->set_write_deadline(deadline);
    in_progress = socket.get();
    error = co_await socket->write(header);
    in_progress = nullptr;
    socket->set_write_deadline(net::Stream::kNever);
    if (error != 0)
      co_return fail(Code::unavailable,
                     fmt::format("sending the PROXY header to {}: {}", server.address, std::strerror(-error)));
  }
  if (!server.tls) co_return std::unique_ptr<net::Stream>(std::move(socket));
  auto secured = tls::TlsStream::start_connect(std::move(socket), transport.tls, server.host, nullptr);
  in_progress = secured.get();
  auto agreed = co_await secured->connected(deadline);
  in_progress = nullptr;
  if (!agreed)
    co_return tl::make_unexpected(std::move(agreed).error().context(fmt::format("TLS with {}", server.address)));
  co_return std::unique_ptr<net::Stream>(std::move(secured));
}

}  // namespace fl::proxy::tcp
