#include "proxy/forward/upstream.h"

#include <algorithm>
#include <cerrno>

#include "proxy/worker.h"

namespace fl::proxy {

UpstreamConnection::UpstreamConnection(Upstream& upstream, std::unique_ptr<net::Stream> stream)
    : parser(http::h1::HeadLimits{}), upstream_(upstream), stream_(std::move(stream)) {}

// Only idle connections listen: the server has closed this one.
void UpstreamConnection::on_hangup(net::Stream&) noexcept { upstream_.remove_idle(*this); }

Upstream::Upstream(Worker& worker, const UpstreamSpec& spec)
    : worker_(worker), host_(spec.host), port_(spec.port), transport_(spec.transport), expiry_(*this) {}

Upstream::~Upstream() = default;

std::unique_ptr<UpstreamConnection> Upstream::take_idle() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    connection->stream_->set_hangup_listener(nullptr);
    if (!connection->stream_->is_idle()) continue;
    connection->reused = true;
    return connection;
  }
  return nullptr;
}

net::Task<std::unique_ptr<UpstreamConnection>> Upstream::connect(http::Exchange& exchange, ProxyError& error) {
  using Kind = ProxyError::Kind;
  const Duration timeout = transport_.dial_timeout;
  const TimePoint deadline = timeout > 0s ? worker_.loop().now() + timeout : net::Stream::kNever;
  Result<std::vector<net::IpAddress>> resolved;
  if (const auto* cached = worker_.resolver().cached(host_); cached != nullptr)
    resolved = *cached;
  else
    resolved = co_await worker_.resolver().resolve(host_);
  if (!resolved) {
    error = {Kind::name_resolution, ProxyError::Source::upstream};
    co_return nullptr;
  }
  for (const net::IpAddress& ip : *resolved) {
    int code = 0;
    if (auto stream = net::start_connect({ip, port_}, &code)) {
      net::TcpStream& tcp = *stream;
      auto connection = std::make_unique<UpstreamConnection>(*this, std::move(stream));
      exchange.watch_client(connection.get());
      code = co_await net::connected(tcp, deadline);
      if (code == 0) {
        error = {};
        co_return connection;
      }
      exchange.watch_client(nullptr);
      if (connection->client_gone) {
        error = {Kind::client_gone, ProxyError::Source::downstream};
        co_return nullptr;
      }
    }
    error = {code == -ETIMEDOUT ? Kind::connect_timeout : Kind::connect_failed, ProxyError::Source::upstream};
  }
  co_return nullptr;
}

void Upstream::put_back(std::unique_ptr<UpstreamConnection> connection) {
  if (static_cast<int64_t>(idle_.size()) >= transport_.max_idle_per_host) return;
  connection->in.release_if_empty();
  connection->request_sent = false;
  net::Stream& stream = *connection->stream_;
  if (stream.hung_up()) return;
  stream.watch();
  stream.set_hangup_listener(connection.get());
  connection->idle_since_ = worker_.loop().now();
  idle_.push_back(std::move(connection));
  if (!expiry_.armed()) arm();
}

void Upstream::close_idle() { idle_.clear(); }

void Upstream::remove_idle(UpstreamConnection& connection) {
  std::erase_if(idle_, [&connection](const auto& idle) { return idle.get() == &connection; });
}

void Upstream::arm() {
  if (!idle_.empty() && transport_.idle_timeout > 0s)
    worker_.loop().timers().set(expiry_, idle_.front()->idle_since_ + transport_.idle_timeout);
}

void Upstream::on_timer(net::Timer& timer) {
  Upstream& self = static_cast<ExpiryTimer&>(timer).upstream;
  const TimePoint now = self.worker_.loop().now();
  const auto first_young = std::ranges::find_if(self.idle_, [&](const auto& idle) {
    return idle->idle_since_ + self.transport_.idle_timeout > now;
  });
  self.idle_.erase(self.idle_.begin(), first_young);
  self.arm();
}

}  // namespace fl::proxy
