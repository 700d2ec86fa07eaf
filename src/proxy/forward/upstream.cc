#include "proxy/forward/upstream.h"

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "proxy/worker.h"
#include "tls/tls_stream.h"

namespace fl::proxy {
namespace {
constexpr Duration kHandshakeTimeout = 10s;  // as Traefik
}

struct Upstream::Dialing final : http::ClientGoneListener {
  net::Stream* stream = nullptr;
  bool client_gone = false;
  void on_client_gone() noexcept override {
    client_gone = true;
    if (stream != nullptr) stream->cancel();
  }
};

Upstream::Upstream(Worker& worker, const UpstreamSpec& spec)
    : worker_(worker),
      host_(spec.host),
      port_(spec.port),
      transport_(spec.transport),
      secure_(spec.secure),
      tls_session_(spec.secure ? std::make_shared<tls::ClientSession>() : nullptr),
      expiry_(*this) {}

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
  Dialing dialing;
  exchange.watch_client(&dialing);
  std::unique_ptr<net::Stream> stream;
  for (size_t i = 0; i < resolved->size() && stream == nullptr && !dialing.client_gone; ++i)
    stream = co_await dial((*resolved)[i], deadline, dialing, error);
  exchange.watch_client(nullptr);
  if (dialing.client_gone) {
    error = ProxyError::client_gone;
    co_return nullptr;
  }
  if (stream == nullptr) co_return nullptr;
  error = ProxyError::none;
  co_return http::make_http1_client(*this, std::move(stream));
}

net::Task<std::unique_ptr<net::Stream>> Upstream::dial(net::IpAddress ip, TimePoint deadline, Dialing& dialing,
                                                       ProxyError& error) {
  int code = 0;
  auto socket = net::start_connect({ip, port_}, &code);
  if (socket != nullptr) {
    dialing.stream = socket.get();
    code = co_await net::connected(*socket, deadline);
    dialing.stream = nullptr;
  }
  if (code != 0) {
    error = code == -ETIMEDOUT ? ProxyError::connect_timeout : ProxyError::connect_failed;
    co_return nullptr;
  }
  if (!secure_) co_return socket;
  auto secured = tls::TlsStream::start_connect(std::move(socket), transport_.tls, host_, tls_session_);
  dialing.stream = secured.get();
  const auto done = co_await secured->connected(worker_.loop().now() + kHandshakeTimeout);
  dialing.stream = nullptr;
  if (done) co_return secured;
  log::debug("{}", done.error().message);
  error = done.error().code == Code::timeout  ? ProxyError::tls_timeout
          : done.error().code == Code::denied ? ProxyError::certificate_refused
                                              : ProxyError::tls_failed;
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
