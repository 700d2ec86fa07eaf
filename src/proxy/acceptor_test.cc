// Connections from accept to whoever serves them, with real sockets: what the first bytes decide, TCP services and
// middlewares behind them. TLS that is terminated is tests/integration/tls_test.py's.
#include "proxy/acceptor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "net/proxy_protocol.h"
#include "proxy/entry_point.h"
#include "proxy/snapshot_builder.h"
#include "support/loop_fixture.h"

namespace fl::proxy {
namespace {

using config::dynamic::Configuration;
using config::dynamic::TcpRouter;
using config::dynamic::TcpRouterTls;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string u16(size_t n) { return {static_cast<char>(n >> 8), static_cast<char>(n)}; }
std::string sized16(const std::string& s) { return u16(s.size()) + s; }
std::string sized8(const std::string& s) { return static_cast<char>(s.size()) + s; }

// A ClientHello in one record.
std::string hello(const std::string& server_name, size_t padding = 0) {
  std::string extensions;
  if (!server_name.empty()) extensions += u16(0) + sized16(sized16(std::string(1, '\0') + sized16(server_name)));
  extensions += u16(21) + sized16(std::string(padding, '\0'));
  const std::string body = std::string("\x03\x03") + std::string(32, 'r') + sized8("") + sized16(u16(0x1301)) +
                           sized8(std::string(1, '\0')) + sized16(extensions);
  const std::string message = std::string(1, '\1') + '\0' + sized16(body);
  return std::string("\x16\x03\x01", 3) + sized16(message);
}

class AcceptorTest : public testing::LoopFixture {
 protected:
  using Peer = testing::Peer;

  ~AcceptorTest() override {
    end_all();
    EXPECT_EQ(opened, closed);
  }
  void end_all() {
    if (!acceptor) return;
    acceptor->close_all();
    server->close_all();
    quiesce();
    EXPECT_EQ(acceptor->connections() + server->connections(), 0U);
  }

  TcpRouter& add_router(const std::string& name, const std::string& rule, bool passthrough,
                        const std::vector<std::string>& servers) {
    TcpRouter& router = configuration.tcp.routers[name + "@file"];
    router = {.entry_points = {"web"}, .service = name + "@file", .rule = rule};
    if (passthrough) router.tls = TcpRouterTls{.passthrough = true};
    auto& balancer = configuration.tcp.services[name + "@file"].load_balancer.emplace();
    for (const std::string& address : servers) balancer.servers.push_back({.address = address});
    return router;
  }
  static std::string address(const testing::Origin& origin) { return origin.address().to_string(); }

  void publish() {
    if (!builder) {
      // Numbers are not given out again here.
      const auto slots = std::make_shared<SlotTable>([](uint32_t) {});
      builder.emplace(BuildInputs{.entry_points = {"web"},
                                  .udp_entry_points = {},
                                  .precedence = {},
                                  .internal_services = {},
                                  .default_transport = {},
                                  .upstream_slots = slots,
                                  .balancer_slots = slots});
    }
    built = builder->build(std::make_shared<const Configuration>(configuration), {});
    worker.publish(built.snapshot);
  }

  std::unique_ptr<Peer> connect(const char* from = "10.0.0.9") {
    if (!acceptor) {
      entry_point.name = "web";
      door.emplace(entry_point, worker);
      server.emplace(loop, http::ServerOptions{}, *door);
      acceptor.emplace(worker, options, *server);
      acceptor->set_on_opened([this] { ++opened; });
      acceptor->set_on_closed([this] { ++closed; });
      server->set_on_closed([this] { ++closed; });
    }
    auto [stream, peer] = make_pair();
    acceptor->accept(stream->release(), {*net::IpAddress::parse(from), 4711});
    return std::move(peer);
  }

  AcceptorOptions options;
  EntryPointOptions entry_point;
  Configuration configuration;
  int opened = 0, closed = 0;
  Worker worker{loop};
  std::optional<SnapshotBuilder> builder;
  BuildResult built;
  std::optional<EntryPoint> door;
  std::optional<http::Server> server;
  std::optional<Acceptor> acceptor;
  testing::Origin a{loop}, b{loop};
};

TEST_F(AcceptorTest, WithoutTlsOrTcpRoutersWhatIsNotTlsIsHttp) {
  publish();
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive_head(*client), StartsWith("HTTP/1.1 404 "));
  EXPECT_EQ(server->connections(), 1U);
  auto secure = connect();
  secure->send(hello("a.test"));  // offers nothing that we speak
  EXPECT_THAT(receive_to_end(*secure), StartsWith("\x15\x03")) << "a TLS alert";
}

TEST_F(AcceptorTest, AServerMaySpeakFirst) {
  add_router("mail", "HostSNI(`*`)", false, {address(a)});
  publish();
  auto client = connect();
  auto at_a = accept_at(a);
  at_a->send("220 welcome\r\n");
  EXPECT_EQ(receive_until(*client, "\r\n"), "220 welcome\r\n");
  client->send("QUIT");
  client->half_close();
  EXPECT_EQ(receive_to_end(*at_a), "QUIT");
  at_a->send("221 bye");
  at_a->close();
  EXPECT_EQ(receive_to_end(*client), "221 bye");
}

TEST_F(AcceptorTest, ByServerNameWhateverPiecesTheHelloComesIn) {
  add_router("a", "HostSNI(`a.test`)", true, {address(a)});
  add_router("b", "HostSNI(`*.b.test`)", true, {address(b)});
  publish();
  const std::string to_a = hello("A.test"), to_b = hello("x.b.test");
  auto client = connect();
  for (const char c : to_a) {
    client->send({&c, 1});
    quiesce();
  }
  EXPECT_EQ(receive_until(*accept_at(a), to_a), to_a);
  // In records of 10 bytes.
  std::string split;
  for (size_t i = 5; i < to_b.size(); i += 10) split += std::string("\x16\x03\x01", 3) + sized16(to_b.substr(i, 10));
  auto other = connect();
  other->send(split + "more");
  EXPECT_EQ(receive_until(*accept_at(b), "more"), split + "more") << "bytes go on as they came";
}

TEST_F(AcceptorTest, HttpAndTlsShareAnEntryPoint) {
  add_router("a", "HostSNI(`a.test`)", true, {address(a)});
  publish();
  auto http = connect();
  http->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive_head(*http), StartsWith("HTTP/1.1 404 "));
  auto tls = connect();
  tls->send(hello("a.test"));
  EXPECT_THAT(receive_until(*accept_at(a), "a.test"), HasSubstr("a.test"));
}

TEST_F(AcceptorTest, PlainTcpByClientAddressBeforeHttp) {
  add_router("a", "ClientIP(`10.0.0.1`)", false, {address(a)});
  add_router("b", "HostSNI(`b.test`)", true, {address(b)});
  publish();
  auto mine = connect("10.0.0.1");
  mine->send("hello");
  EXPECT_EQ(receive_until(*accept_at(a), "hello"), "hello");
  auto theirs = connect("10.0.0.2");
  theirs->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(receive_head(*theirs), StartsWith("HTTP/1.1 404 "));
}

TEST_F(AcceptorTest, MalformedOversizeAndSlowHellosAreRefused) {
  add_router("a", "HostSNI(`*`)", true, {address(a)});
  publish();
  auto malformed = connect();
  malformed->send(std::string("\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9));
  EXPECT_EQ(receive_to_end(*malformed), "");
  auto oversize = connect();
  oversize->send(hello("a.test", 17 << 10));
  EXPECT_EQ(receive_to_end(*oversize), "");
  auto silent = connect();
  pass(59s);
  EXPECT_FALSE(silent->gone());
  auto slow = connect();
  slow->send("\x16\x03");
  quiesce();
  pass(2s);
  EXPECT_TRUE(turn_until([&] { return silent->gone(); }));
  EXPECT_FALSE(slow->gone());
  pass(9s);
  EXPECT_TRUE(turn_until([&] { return slow->gone(); })) << "the first byte starts the clock of the hello";
  EXPECT_EQ(a.accepted, 0);
}

TEST_F(AcceptorTest, PostgresIsAskedForTlsOnTheClientsBehalf) {
  add_router("db", "HostSNI(`db.test`)", true, {address(a)});
  publish();
  const std::string request("\0\0\0\x08\x04\xd2\x16\x2f", 8);
  auto client = connect();
  client->send(request.substr(0, 3));
  quiesce();
  client->send(request.substr(3));
  EXPECT_EQ(receive_until(*client, "S"), "S");
  client->send(hello("db.test"));
  auto server_side = accept_at(a);
  ASSERT_EQ(receive_until(*server_side, request), request);
  quiesce();
  EXPECT_EQ(server_side->received, "") << "the hello waits for the server's yes";
  server_side->send("S");
  EXPECT_EQ(receive_until(*server_side, hello("db.test")), hello("db.test"));
  server_side->send("server hello");
  EXPECT_EQ(receive_until(*client, "hello"), "server hello");

  auto refused = connect();
  refused->send(request);
  EXPECT_EQ(receive_until(*refused, "S"), "S");
  refused->send(hello("other.test"));
  EXPECT_EQ(receive_to_end(*refused), "");
}

TEST_F(AcceptorTest, ProxyHeaderInFromWhomItMayCome) {
  options.proxy_protocol = {.everyone = false, .networks = {*net::Cidr::parse("10.0.0.0/8")}};
  add_router("a", "ClientIP(`192.0.2.1`)", false, {address(a)});
  add_router("b", "HostSNI(`*`)", false, {address(b)});
  publish();
  const net::SocketAddress said{*net::IpAddress::parse("192.0.2.1"), 1000};
  const std::string header = net::write_proxy_header_v2(said, said);
  auto trusted = connect("10.0.0.1");
  trusted->send(header.substr(0, 10));
  quiesce();
  trusted->send(header.substr(10) + "for a");
  EXPECT_EQ(receive_until(*accept_at(a), "for a"), "for a");
  auto untrusted = connect("11.0.0.1");
  untrusted->send(net::write_proxy_header_v1(said, said) + "for b");
  EXPECT_EQ(receive_until(*accept_at(b), "for b"), "for b");
}

TEST_F(AcceptorTest, AServerMaySpeakFirstBehindAProxyHeader) {
  options.proxy_protocol = {.everyone = false, .networks = {*net::Cidr::parse("10.0.0.0/8")}};
  add_router("mail", "HostSNI(`*`)", false, {address(a)});
  publish();
  const net::SocketAddress said{*net::IpAddress::parse("192.0.2.1"), 1000};
  for (const char* from : {"10.0.0.1", "11.0.0.1"}) {
    auto client = connect(from);
    client->send(net::write_proxy_header_v2(said, said));
    auto at_a = accept_at(a);
    at_a->send("220 welcome\r\n");
    EXPECT_EQ(receive_until(*client, "\r\n"), "220 welcome\r\n");
    EXPECT_EQ(at_a->received, "");
  }
  // A header that does not come is waited for in vain, and not for ever.
  auto silent = connect();
  pass(59s);
  EXPECT_EQ(a.accepted, 2);
  pass(1s);
  accept_at(a)->send("220 welcome\r\n");
  EXPECT_EQ(receive_until(*silent, "\r\n"), "220 welcome\r\n");
  auto late = connect();
  quiesce();
  acceptor->drain();
  pass(1s);
  EXPECT_TRUE(turn_until([&] { return late->gone(); })) << "the end has come: nobody is served any more";
  EXPECT_EQ(a.accepted, 3);
}

TEST_F(AcceptorTest, ProxyHeaderOut) {
  configuration.tcp.servers_transports["v1@file"].proxy_protocol.emplace().version = 1;
  add_router("a", "HostSNI(`*`)", false, {address(a)});
  configuration.tcp.services["a@file"].load_balancer->servers_transport = "v1@file";
  publish();
  auto client = connect("192.0.2.7");
  EXPECT_THAT(receive_until(*accept_at(a), "\r\n"), StartsWith("PROXY TCP4 192.0.2.7 127.0.0.1 4711 "));
}

TEST_F(AcceptorTest, WhatALoadBalancerSaysOfTransportCountsWithoutOneOnly) {
  add_router("a", "HostSNI(`*`)", false, {address(a)});
  auto& balancer = *configuration.tcp.services["a@file"].load_balancer;
  balancer.proxy_protocol.emplace().version = 1;
  publish();
  auto client = connect("192.0.2.7");
  EXPECT_THAT(receive_until(*accept_at(a), "\r\n"), StartsWith("PROXY TCP4 192.0.2.7 127.0.0.1 4711 "));
  configuration.tcp.servers_transports["t@file"];
  balancer.servers_transport = "t@file";
  publish();
  auto other = connect();
  other->send("hello");
  EXPECT_EQ(receive_until(*accept_at(a), "hello"), "hello");
}

TEST_F(AcceptorTest, ServersWithoutAGoodAddressAreLeftOut) {
  for (const int round : {1, 2}) {  // the second finds what the first has made
    add_router("app", "HostSNI(`*`)", false, {"no-port", address(a), "http://10.0.0.1:80"});
    publish();
    auto client = connect();
    EXPECT_NE(accept_at(a), nullptr) << round;
    const ServiceReport& report = built.report->tcp.services.at("app@file");
    EXPECT_EQ(report.status, Status::warning);
    EXPECT_EQ(report.errors.size(), 2U);
    EXPECT_THAT(report.errors.front(), StartsWith("error parsing server address no-port: "));
    EXPECT_EQ(report.servers.size(), 1U);
  }
  EXPECT_EQ(a.accepted, 2);
}

TEST_F(AcceptorTest, ServersTakeTurnsAndThoseThatAreDownAreSkipped) {
  add_router("app", "HostSNI(`*`)", false, {address(a), address(b)});
  configuration.tcp.services["app@file"].load_balancer->health_check.emplace();
  publish();
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(connect());
  ASSERT_TRUE(turn_until([&] { return a.accepted + b.accepted == 4; }));
  EXPECT_EQ(a.accepted, 2);
  ASSERT_EQ(built.health_checks.size(), 1U);
  const auto& servers = built.health_checks[0]->options().servers;
  servers[0].health->set_up(false);
  for (int i = 0; i < 4; ++i) clients.push_back(connect());
  ASSERT_TRUE(turn_until([&] { return a.accepted + b.accepted == 8; }));
  EXPECT_EQ(b.accepted, 6);
  servers[1].health->set_up(false);
  EXPECT_EQ(receive_to_end(*connect()), "") << "no available server";
}

TEST_F(AcceptorTest, WeightsOfServices) {
  add_router("app", "HostSNI(`*`)", false, {address(a)});
  add_router("b", "ClientIP(`1.1.1.1`)", false, {address(b)});
  auto& weighted = configuration.tcp.services["both@file"].weighted.emplace();
  weighted.services = {{.name = "app@file", .weight = 3}, {.name = "b@file", .weight = 1}};
  configuration.tcp.routers["app@file"].service = "both@file";
  publish();
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(connect());
  ASSERT_TRUE(turn_until([&] { return a.accepted + b.accepted == 8; }));
  EXPECT_EQ(a.accepted, 6);
}

TEST_F(AcceptorTest, MiddlewaresEndWhoIsNotWanted) {
  configuration.tcp.middlewares["few@file"].in_flight_conn.emplace().amount = 1;
  configuration.tcp.middlewares["mine@file"].ip_allow_list.emplace().source_range = {"10.0.0.0/8"};
  add_router("a", "HostSNI(`*`)", false, {address(a)}).middlewares = {"mine@file", "few@file"};
  publish();
  EXPECT_EQ(receive_to_end(*connect("11.0.0.1")), "");
  auto first = connect("10.0.0.1");
  auto served = accept_at(a);
  EXPECT_EQ(receive_to_end(*connect("10.0.0.1")), "") << "one at a time";
  auto other = connect("10.0.0.2");
  accept_at(a);
  first->close();
  served->close();
  ASSERT_TRUE(turn_until([&] { return acceptor->connections() <= 1; }));
  auto again = connect("10.0.0.1");
  EXPECT_NE(accept_at(a), nullptr);
}

TEST_F(AcceptorTest, OpenConnectionsOutliveAChangeAndADrain) {
  add_router("a", "HostSNI(`*`)", false, {address(a)});
  add_router("b", "HostSNI(`b.test`)", true, {address(b)});
  publish();
  auto client = connect();
  client->send("one");
  auto at_a = accept_at(a);
  EXPECT_EQ(receive_until(*at_a, "one"), "one");
  configuration.tcp = {};
  publish();
  auto waiting = connect();
  acceptor->drain();
  server->drain();
  pass(30s);
  client->send("two");
  EXPECT_EQ(receive_until(*at_a, "two"), "two");
  EXPECT_TRUE(turn_until([&] { return waiting->gone(); })) << "who has said nothing is let go";
}

TEST_F(AcceptorTest, AClientThatLeavesWhileItsServerIsDialledHoldsNothing) {
  add_router("a", "HostSNI(`*`)", false, {"192.0.2.1:9"});  // answers never
  publish();
  auto client = connect();
  client->reset();
  quiesce();
  acceptor->close_all();
  EXPECT_TRUE(turn_until([&] { return acceptor->connections() == 0; }));
}

TEST_F(AcceptorTest, WhatIsWrongIsDisabledWithTraefiksReason) {
  const auto add = [&](const std::string& name, const std::string& rule, bool tls = false) -> TcpRouter& {
    return add_router(name, rule, tls, {address(a)});
  };
  add("name", "HostSNI(`a.test`)");
  add("rule", "");
  add("service", "HostSNI(`*`)").service = "";
  add("lost", "HostSNI(`*`)").service = "gone@file";
  add("middleware", "HostSNI(`*`)").middlewares = {"gone@file"};
  add("priority", "HostSNI(`*`)").priority = INT64_MAX;
  add("nowhere", "HostSNI(`*`)").entry_points = {"other"};
  add("options", "HostSNI(`*`)", true).tls = TcpRouterTls{.options = "gone@file"};
  configuration.tcp.middlewares["empty@file"].ip_allow_list.emplace();
  add("denied", "HostSNI(`*`)").middlewares = {"empty@file"};
  add("fine", "HostSNI(`*`)");
  publish();
  const std::pair<std::string, std::string> expected[] = {
      {"name@file", "invalid rule: \"HostSNI(`a.test`)\" , has HostSNI matcher, but no TLS on router"},
      {"rule@file", "router has no rule"},
      {"service@file", "the service is missing on the router"},
      {"lost@file", "the service \"gone@file\" does not exist"},
      {"middleware@file", "middleware \"gone@file\" does not exist"},
      {"priority@file",
       "the router priority 9223372036854775807 exceeds the max user-defined priority 9223372036854774807"},
      {"nowhere@file", "no valid entryPoint for this router"},
      {"options@file", "unknown TLS options: gone@file"},
      {"denied@file", "middleware \"empty@file\" is disabled: sourceRange is empty, IPAllowLister not created"},
  };
  for (const auto& [name, reason] : expected) {
    const RouterReport& report = built.report->tcp.routers.at(name);
    EXPECT_EQ(report.status, Status::disabled) << name;
    ASSERT_FALSE(report.errors.empty()) << name;
    EXPECT_EQ(report.errors.back(), reason);
  }
  EXPECT_EQ(built.report->tcp.routers.at("fine@file").status, Status::enabled);
  EXPECT_EQ(built.report->tcp.routers.at("fine@file").priority, -1);
  EXPECT_THAT(built.report->used_by().tcp.services.at("fine@file"), ::testing::ElementsAre("fine@file"));
  // A TLS client of the router with broken options is turned away, not passed to another.
  auto client = connect();
  client->send(hello("a.test"));
  EXPECT_EQ(receive_to_end(*client), "");
}

}  // namespace
}  // namespace fl::proxy
