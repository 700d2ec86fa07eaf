#include "proxy/forward/upstream.h"

#include <algorithm>
#include <cerrno>

#include "proxy/worker.h"

namespace fl::proxy {

Upstream::Upstream(Worker& worker, const UpstreamSpec& spec)
    : worker_(worker), host_(spec.host), port_(spec.port), transport_(spec.transport), expiry_(*this) {}

Upstream::~Upstream() = default;

std::unique_ptr<http::ClientConnection> Upstream::take_idle() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back().connection);
    idle_.pop_back();
    if (connection->wake()) return connection;
  }
  return nullptr;
}

net::Task<std::unique_ptr<http::ClientConnection>> Upstream::connect(http::Exchange& exchange, ProxyError& error) {
  const Duration timeout = transport_.dial_timeout;
  const TimePoint deadline = timeout > 0s ? worker_.loop().now() + timeout : net::Stream::kNever;
  Result<std::vector<net::IpAddress>> resolved;
  if (const auto* cached = worker_.resolver().cached(host_); cached != nullptr)
    resolved = *cached;
  else
    resolved = co_await worker_.resolver().resolve(host_);
  if (!resolved) {
    error = ProxyError::name_resolution;
    co_return nullptr;
  }
  for (const net::IpAddress& ip : *resolved) {
    int code = 0;
    if (auto stream = net::start_connect({ip, port_}, &code)) {
      net::TcpStream& tcp = *stream;
      auto connection = http::make_http1_client(*this, std::move(stream));
      exchange.watch_client(connection.get());
      code = co_await net::connected(tcp, deadline);
      if (code == 0) {
        error = ProxyError::none;
        co_return connection;
      }
      exchange.watch_client(nullptr);
      if (connection->client_gone()) {
        error = ProxyError::client_gone;
        co_return nullptr;
      }
    }
    error = code == -ETIMEDOUT ? ProxyError::connect_timeout : ProxyError::connect_failed;
  }
  co_return nullptr;
}

void Upstream::put_back(std::unique_ptr<http::ClientConnection> connection) {
  if (static_cast<int64_t>(idle_.size()) >= transport_.max_idle_per_host || !connection->rest()) return;
  idle_.push_back({std::move(connection), worker_.loop().now()});
  if (!expiry_.armed()) arm();
}

void Upstream::on_closed(http::ClientConnection& connection) noexcept {
  std::erase_if(idle_, [&connection](const Idle& idle) { return idle.connection.get() == &connection; });
}

void Upstream::arm() {
  if (!idle_.empty() && transport_.idle_timeout > 0s)
    worker_.loop().timers().set(expiry_, idle_.front().since + transport_.idle_timeout);
}

void Upstream::on_timer(net::Timer& timer) {
  Upstream& self = static_cast<ExpiryTimer&>(timer).upstream;
  const TimePoint now = self.worker_.loop().now();
  const auto first_young = std::ranges::find_if(
      self.idle_, [&](const Idle& idle) { return idle.since + self.transport_.idle_timeout > now; });
  self.idle_.erase(self.idle_.begin(), first_young);
  self.arm();
}

}  // namespace fl::proxy
