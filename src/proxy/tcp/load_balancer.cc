#include "proxy/tcp/load_balancer.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/listener.h"
#include "net/relay.h"
#include "proxy/tcp/dial.h"
#include "proxy/tcp/postgres.h"

namespace fl::proxy::tcp {

LoadBalancer::LoadBalancer(Options options)
    : options_(std::move(options)),
      turns_(std::vector<int64_t>(options_.servers.size(), 1), options_.service, options_.cursor) {}

void LoadBalancer::complain(const std::string& why) const {
  const TimePoint now = net::Loop::current().now();
  TimePoint next = next_complaint_.load(std::memory_order_relaxed);
  if (now < next || !next_complaint_.compare_exchange_strong(next, now + 1s, std::memory_order_relaxed)) return;
  log::write(log::Level::error, fmt::format("{}: {}", options_.service, why), {{"serviceName", options_.service}});
}

bool LoadBalancer::can_serve(size_t server, TimePoint now) const {
  return options_.health.empty() || options_.health[server]->is_up(now);
}

bool LoadBalancer::is_up(TimePoint now) const {
  for (size_t i = 0; i < options_.servers.size(); ++i)
    if (can_serve(i, now)) return true;
  return false;
}

net::Task<> LoadBalancer::handle(Connection& c) const {
  const TimePoint now = c.worker.loop().now();
  const int chosen = turns_.take(c.worker, [&](int i) { return can_serve(static_cast<size_t>(i), now); });
  if (chosen < 0) {
    complain("no available server");
    co_return;
  }
  const Server& server = options_.servers[static_cast<size_t>(chosen)];
  const Transport& transport = *options_.transport;
  Behalf behalf{.client = c.peer, .local = c.local};
  // Of a listener on every address, only the socket knows which one the client has chosen.
  if (transport.proxy_protocol != 0 && c.local.ip.is_unspecified())
    behalf.local = net::local_address(c.stream->fd()).value_or(c.local);
  auto dialed = co_await dial(c.worker.resolver(), server, transport, &behalf, c.upstream);
  if (!dialed) {
    if (!c.canceled) complain(dialed.error().message);
    co_return;
  }
  const std::unique_ptr<net::Stream> upstream = *std::move(dialed);
  if (c.canceled) co_return;
  c.upstream = upstream.get();
  if (c.postgres_tls && !co_await ask_postgres_for_tls(*upstream, transport.dial_timeout)) {
    if (!c.canceled) complain(server.address + " does not speak PostgreSQL's TLS");
  } else {
    net::InBuffer upstream_in;
    co_await net::relay(*c.stream, c.in, *upstream, upstream_in,
                        {.idle = transport.idle_timeout, .termination_delay = transport.termination_delay});
  }
  c.upstream = nullptr;
}

}  // namespace fl::proxy::tcp
