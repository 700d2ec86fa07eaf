// What a client says first, in front of every way it can go: a PROXY header or none, PostgreSQL's request for TLS, a
// ClientHello that is routed by name or terminated, plain TCP, HTTP. Where the bytes are cut changes nothing that the
// client sees first, and nothing is left of the connection.
//
// The first byte of the input says how: bit 0 PROXY header expected, bit 1 a TCP router for what is plain, the rest
// where to cut.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxy/acceptor.h"
#include "proxy/entry_point.h"
#include "proxy/snapshot_builder.h"

using namespace fl;

namespace {

class StillClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(1h); }
  WallTime wall() const override { return WallTime(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}); }
};
const StillClock still;

std::shared_ptr<const proxy::Snapshot> build(bool catches_plain) {
  config::dynamic::Configuration configuration;
  const auto add = [&configuration](const std::string& name, const std::string& rule, bool passthrough) {
    auto& router = configuration.tcp.routers[name];
    router = {.entry_points = {"web"}, .service = name, .rule = rule};
    if (passthrough) router.tls = config::dynamic::TcpRouterTls{.passthrough = true};
    // Nobody listens there: what was routed to it ends.
    configuration.tcp.services[name].load_balancer.emplace().servers.push_back({.address = "127.0.0.1:1"});
  };
  add("a@file", "HostSNI(`a.test`)", true);
  if (catches_plain) add("all@file", "HostSNI(`*`)", false);
  const auto slots = std::make_shared<proxy::SlotTable>([](uint32_t) {});
  proxy::SnapshotBuilder builder(proxy::BuildInputs{.entry_points = {"web"},
                                                    .udp_entry_points = {},
                                                    .precedence = {},
                                                    .internal_services = {},
                                                    .default_transport = {},
                                                    .upstream_slots = slots,
                                                    .balancer_slots = slots});
  return builder.build(std::make_shared<const config::dynamic::Configuration>(configuration), {}).snapshot;
}

// -> the first byte that comes back; nothing when none does
std::string first_answer(const std::shared_ptr<const proxy::Snapshot>& snapshot, bool proxy_protocol,
                         std::string_view bytes, size_t cut) {
  net::Loop loop(still);
  loop.make_current();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  char answer[1];
  ssize_t n = 0;
  {
    proxy::Worker worker(loop);
    worker.publish(snapshot);
    proxy::EntryPointOptions entry_point;
    entry_point.name = "web";
    proxy::EntryPoint door(entry_point, worker);
    http::Server server(loop, {}, door);
    proxy::AcceptorOptions options;
    if (proxy_protocol) options.proxy_protocol.emplace().everyone = true;
    proxy::Acceptor acceptor(worker, options, server);
    int open = 0;
    acceptor.set_on_opened([&open] { ++open; });
    acceptor.set_on_closed([&open] { --open; });
    server.set_on_closed([&open] { --open; });
    acceptor.accept(ends[0], {*net::IpAddress::parse("10.0.0.9"), 4711});
    for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
      if (!piece.empty() && ::send(ends[1], piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
      for (int i = 0; i < 12; ++i) loop.turn(false);
    }
    ::shutdown(ends[1], SHUT_WR);
    for (int i = 0; i < 12; ++i) loop.turn(false);
    n = ::recv(ends[1], answer, sizeof answer, MSG_DONTWAIT);
    acceptor.close_all();
    server.close_all();
    worker.close_upstreams();
    for (int i = 0; i < 30 && open > 0; ++i) loop.turn(false);
    if (open != 0 || acceptor.connections() + server.connections() != 0) std::abort();
  }
  ::close(ends[1]);
  return {answer, n > 0 ? 1U : 0U};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto names_only = build(false), all = build(true);
  if (size < 1 || size > (32 << 10)) return 0;
  const uint8_t how = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto& snapshot = (how & 2) != 0 ? all : names_only;
  const bool proxy_protocol = (how & 1) != 0;
  const std::string at_once = first_answer(snapshot, proxy_protocol, bytes, bytes.size());
  const std::string in_two = first_answer(snapshot, proxy_protocol, bytes, bytes.size() * (how >> 2) / 64);
  if (at_once != in_two) std::abort();
  return 0;
}
