#include "proxy/forward/upstream.h"

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "http/websocket.h"
#include "net/wake.h"
#include "proxy/worker.h"
#include "tls/tls_stream.h"

namespace fl::proxy {
namespace {
constexpr Duration kHandshakeTimeout = 10s;  // as Traefik

bool offers_http2(const tls::ClientContext& context) {
  const auto& protocols = context.options().alpn;
  return std::ranges::find(protocols, "h2") != protocols.end();
}

}  // namespace

struct Upstream::Dialing final : http::ClientGoneListener {
  net::Stream* stream = nullptr;
  bool client_gone = false;
  void on_client_gone() noexcept override {
    client_gone = true;
    if (stream != nullptr) stream->cancel();
  }
};

struct Upstream::Waiting final : http::ClientGoneListener {
  net::Wake wake;
  bool client_gone = false;
  ProxyError error = ProxyError::none;  // of the one who dialed
  void end(ProxyError why) {
    error = why;
    wake.notify();
  }
  void on_client_gone() noexcept override {
    client_gone = true;
    wake.notify();
  }
};

Upstream::Upstream(Worker& worker, const UpstreamSpec& spec)
    : worker_(worker),
      host_(spec.host),
      port_(spec.port),
      transport_(spec.transport),
      secure_(spec.secure),
      tls_session_(spec.secure ? std::make_shared<tls::ClientSession>() : nullptr),
      http2_(spec.http2),
      shares_(spec.http2 || (spec.secure && offers_http2(*spec.transport.tls))),
      expiry_(*this) {}

Upstream::~Upstream() { close(); }

void Upstream::close() {
  idle_.clear();
  for (http::SharedConnection* connection : std::exchange(shared_, {})) connection->close();
}

bool Upstream::may_share(const http::Exchange& exchange) const {
  if (!shares_) return false;
  return exchange.request.upgrade.empty() || (shares_websockets_ && http::is_websocket_request(exchange));
}

std::unique_ptr<http::ClientConnection> Upstream::open_shared() {
  for (http::SharedConnection* connection : shared_)
    if (auto share = connection->open()) return share;
  return nullptr;
}

std::unique_ptr<http::ClientConnection> Upstream::take(const http::Exchange& exchange) {
  if (may_share(exchange)) return open_shared();
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back().connection);
    idle_.pop_back();
    if (connection->wake()) return connection;
  }
  return nullptr;
}

// Exchanges that could share a connection do not each make one: they wait for the first one's.
net::Task<std::unique_ptr<http::ClientConnection>> Upstream::connect(http::Exchange& exchange, bool own,
                                                                     ProxyError& error) {
  if (http2_ && !may_share(exchange)) {
    error = ProxyError::no_upgrade;
    co_return nullptr;
  }
  while (!own && may_share(exchange) && dialing_) {
    Waiting waiting;
    waiting_.push_back(&waiting);
    exchange.watch_client(&waiting);
    co_await waiting.wake;
    exchange.watch_client(nullptr);
    std::erase(waiting_, &waiting);
    error = waiting.client_gone ? ProxyError::client_gone : waiting.error;
    if (error != ProxyError::none) co_return nullptr;
    if (auto share = open_shared()) co_return share;
  }
  const bool leads = may_share(exchange) && !dialing_;
  dialing_ |= leads;
  auto stream = co_await dial_any(exchange, error);
  std::unique_ptr<http::ClientConnection> connection;
  if (stream != nullptr) {
    const auto* secured = secure_ ? static_cast<tls::TlsStream*>(stream.get()) : nullptr;
    const bool http2 = secured != nullptr ? secured->negotiated().alpn == "h2" : http2_;
    connection = adopt(std::move(stream), http2);
  }
  if (leads) {
    dialing_ = false;
    for (Waiting* waiting : waiting_) waiting->end(error == ProxyError::client_gone ? ProxyError::none : error);
  }
  co_return connection;
}

std::unique_ptr<http::ClientConnection> Upstream::adopt(std::unique_ptr<net::Stream> stream, bool http2) {
  if (!http2) {
    shares_ = http2_;
    return http::make_http1_client(*this, std::move(stream));
  }
  shares_ = shares_websockets_ = true;  // it may be another server by now
  http::SharedConnection& connection = http::make_http2_client(*this, std::move(stream),
                                                               {.tls = secure_,
                                                                .idle_timeout = transport_.idle_timeout,
                                                                .read_idle_timeout = transport_.read_idle_timeout,
                                                                .ping_timeout = transport_.ping_timeout});
  shared_.push_back(&connection);
  return connection.open();
}

net::Task<std::unique_ptr<net::Stream>> Upstream::dial_any(http::Exchange& exchange, ProxyError& error) {
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
  const bool http1_only = !exchange.request.upgrade.empty() && !may_share(exchange);
  Dialing dialing;
  exchange.watch_client(&dialing);
  std::unique_ptr<net::Stream> stream;
  for (size_t i = 0; i < resolved->size() && stream == nullptr && !dialing.client_gone; ++i)
    stream = co_await dial((*resolved)[i], deadline, http1_only, dialing, error);
  exchange.watch_client(nullptr);
  if (dialing.client_gone) {
    error = ProxyError::client_gone;
    co_return nullptr;
  }
  if (stream != nullptr) error = ProxyError::none;
  co_return stream;
}

net::Task<std::unique_ptr<net::Stream>> Upstream::dial(net::IpAddress ip, TimePoint deadline, bool http1_only,
                                                       Dialing& dialing, ProxyError& error) {
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
  auto secured = tls::TlsStream::start_connect(std::move(socket), transport_.tls, host_, tls_session_,
                                               http1_only ? "http/1.1" : "");
  dialing.stream = secured.get();
  const auto done = co_await secured->connected(worker_.loop().now() + kHandshakeTimeout);
  dialing.stream = nullptr;
  if (done) co_return secured;
  report(done.error());
  error = done.error().code == Code::timeout  ? ProxyError::tls_timeout
          : done.error().code == Code::denied ? ProxyError::certificate_refused
                                              : ProxyError::tls_failed;
  co_return nullptr;
}

// That TLS with a server fails is a matter of configuration, which is an error in Traefik's log too; one line a second,
// for a service without any connection fails as often as it is asked.
void Upstream::report(const Error& failure) {
  const TimePoint now = worker_.loop().now();
  if (failure.code == Code::timeout || failure.code == Code::canceled || now < next_report_)
    return log::debug("{}", failure.message);
  next_report_ = now + 1s;
  log::error("https://{}:{}: {}{}", host_, port_, failure.message,
             failure.code == Code::denied
                 ? "; rootCAs, serverName and insecureSkipVerify of its serversTransport say what is accepted"
                 : "");
}

void Upstream::put_back(std::unique_ptr<http::ClientConnection> connection) {
  if (static_cast<int64_t>(idle_.size()) >= transport_.max_idle_per_host || !connection->rest()) return;
  idle_.push_back({std::move(connection), worker_.loop().now()});
  if (!expiry_.armed()) arm();
}

void Upstream::on_closed(http::ClientConnection& connection) noexcept {
  std::erase_if(idle_, [&connection](const Idle& idle) { return idle.connection.get() == &connection; });
}

void Upstream::on_ended(http::SharedConnection& connection) noexcept { std::erase(shared_, &connection); }

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
