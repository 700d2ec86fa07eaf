#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "proxy/proxy_for_test.h"
#include "tls/testing/authority.h"
#include "tls/tls_stream.h"

namespace fl::proxy {
namespace {

using config::dynamic::ServersTransport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tls::testing::Authority;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h.test\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// An HTTPS server on the test's loop: answers each head with kOk.
class TlsOrigin {
 public:
  TlsOrigin(net::Loop& loop, const tls::testing::Issued& identity, tls::ServerOptions options, WallTime now)
      : loop_(loop), listener_(loop, *net::listen_tcp("127.0.0.1", 0), [this](int fd, const net::SocketAddress&) {
          ++accepted;
          net::spawn(serve(std::make_unique<net::TcpStream>(loop_, fd)));
        }) {
    port_ = net::local_address(listener_.fd())->port;
    const auto certificate = *tls::Certificate::parse(identity.certificate_pem, identity.key_pem);
    context_ = *tls::ServerContext::create(
        options, std::make_shared<tls::CertificateStore>(std::vector{certificate}, certificate, system_clock().wall()),
        std::make_shared<tls::TicketKeys>(now));
  }
  ~TlsOrigin() {
    for (tls::TlsStream* stream : open_) stream->cancel();
    for (int i = 0; i < 10; ++i) loop_.turn(false);
  }
  std::string url(const std::string& host = "localhost") const { return fmt::format("https://{}:{}", host, port_); }

  int accepted = 0;
  bool answers = true;  // the handshake
  std::vector<std::string> failures;
  std::vector<tls::Negotiated> agreed;
  std::string heads;

 private:
  net::Task<> serve(std::unique_ptr<net::TcpStream> socket) {
    if (!answers) {
      waiting_.push_back(std::move(socket));
      co_return;
    }
    auto made = co_await tls::TlsStream::accept(std::move(socket), context_, "", loop_.now() + 10s);
    if (!made) {
      failures.emplace_back(to_text(made.error().failure));
      co_return;
    }
    tls::TlsStream& stream = **made;
    agreed.push_back(stream.negotiated());
    open_.push_back(&stream);
    net::InBuffer in;
    while (co_await stream.fill(in) > 0) {
      if (!in.view().ends_with("\r\n\r\n")) continue;
      heads += in.view();
      in.consume(in.size());
      if (co_await stream.write(kOk) != 0) break;
    }
    std::erase(open_, &stream);
  }

  net::Loop& loop_;
  uint16_t port_;
  std::shared_ptr<const tls::ServerContext> context_;
  std::vector<std::unique_ptr<net::TcpStream>> waiting_;
  std::vector<tls::TlsStream*> open_;
  net::Listener listener_;
};

class UpstreamTls : public ProxyForTest {
 protected:
  ~UpstreamTls() override {
    stop_serving();
    worker.close_upstreams();
    quiesce();
  }
  std::unique_ptr<TlsOrigin> origin(const Authority::Request& request, tls::ServerOptions server = {}) {
    return std::make_unique<TlsOrigin>(loop, authority.issue(request), std::move(server), clock.wall());
  }
  Configuration to(const std::string& url, const ServersTransport& servers_transport) {
    Configuration configuration = all_to({url});
    configuration.http.services["app@file"].load_balancer->servers_transport = "t@file";
    configuration.http.servers_transports["t@file"] = servers_transport;
    return configuration;
  }
  ServersTransport trusting() const { return {.root_cas = {authority.pem()}}; }
  // Status and body of one request on a connection of its own.
  std::string get() {
    auto client = connect();
    client->send(kGet);
    const std::string head = receive_head(*client);
    EXPECT_TRUE(turn_until([&] { return records.size() == ++asked_; }));
    return head.substr(9, 3);
  }

  Authority authority;
  size_t asked_ = 0;
};

TEST_F(UpstreamTls, TalksToServersWhoseCertificateIsGood) {
  const auto server = origin({.common_name = "s", .sans = "DNS:localhost"});
  publish(to(server->url(), trusting()));
  EXPECT_EQ(get(), "200");
  EXPECT_EQ(get(), "200");
  EXPECT_EQ(server->accepted, 1) << "a TLS connection is kept as well";
  ASSERT_EQ(server->agreed.size(), 1u);
  EXPECT_EQ(server->agreed[0].server_name, "localhost");
  EXPECT_THAT(server->heads, HasSubstr("X-Forwarded-Proto: http\r\n"));
}

TEST_F(UpstreamTls, RefusesOthers) {
  const Authority stranger("Stranger");
  struct Case {
    std::string sans;
    long days;
    ServersTransport transport;
    const char* status;
  };
  const std::string uri = "spiffe://a/b";
  const auto with = [this](auto change) {
    ServersTransport transport = trusting();
    change(transport);
    return transport;
  };
  for (const Case& c : {
           Case{"DNS:other.test", 1, trusting(), "500"},
           Case{"DNS:localhost", -1, trusting(), "500"},
           Case{"DNS:localhost", 1, {.root_cas = {stranger.pem()}}, "500"},
           Case{"DNS:localhost", 1, {}, "500"},  // the system's roots
           Case{"DNS:other.test", -1, {.insecure_skip_verify = true}, "200"},
           Case{"DNS:other.test", 1, with([](auto& t) { t.server_name = "other.test"; }), "200"},
           Case{"DNS:localhost,URI:" + uri, 1, with([&](auto& t) { t.peer_cert_uri = uri; }), "200"},
           Case{"DNS:localhost", 1, with([&](auto& t) { t.peer_cert_uri = uri; }), "500"},
           Case{"DNS:localhost", 1,
                with([](auto& t) { t.peer_cert_sans = {{"URI", "x:y"}, {"DNSName", "LocalHost"}}; }), "200"},
           // Names are believed of trusted certificates only, whatever else is skipped.
           Case{"DNS:a.test", 1, {.insecure_skip_verify = true, .peer_cert_sans = {{"DNSName", "a.test"}}}, "500"},
       }) {
    const auto server = origin({.common_name = "s", .sans = c.sans, .days = c.days});
    publish(to(server->url(), c.transport));
    EXPECT_EQ(get(), c.status) << c.sans;
    if (server->agreed.size() == 1)
      EXPECT_EQ(server->agreed[0].server_name, c.transport.server_name.empty() ? "localhost" : c.transport.server_name);
    worker.close_upstreams();
    quiesce();
  }
}

TEST_F(UpstreamTls, ShowsItsCertificateToServersThatAsk) {
  const Authority clients("Clients"), others("Others");
  const auto right = clients.issue({.common_name = "right"});
  const auto wrong = others.issue({.common_name = "wrong"});
  const auto server = origin({.common_name = "s", .sans = "DNS:localhost"},
                             {.client_auth = tls::ClientAuth::require_and_verify, .client_ca_pem = clients.pem()});
  ServersTransport transport = trusting();
  transport.certificates = {{wrong.certificate_pem, wrong.key_pem}};
  publish(to(server->url(), transport));
  EXPECT_EQ(get(), "502");
  EXPECT_THAT(server->failures, ElementsAre("client_certificate"));
  transport.certificates.push_back({right.certificate_pem, right.key_pem});
  publish(to(server->url(), transport));
  EXPECT_EQ(get(), "200");
}

TEST_F(UpstreamTls, ResumesSessionsWithEachServer) {
  for (const tls::Version version : {tls::Version::tls12, tls::Version::tls13}) {
    const auto server = origin({.common_name = "s", .sans = "DNS:localhost"}, {.protocol = {.max_version = version}});
    ServersTransport transport = trusting();
    transport.max_idle_conns_per_host = -1;
    publish(to(server->url(), transport));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(get(), "200");
    ASSERT_EQ(server->agreed.size(), 3u);
    EXPECT_FALSE(server->agreed[0].resumed);
    EXPECT_TRUE(server->agreed[1].resumed);
    EXPECT_TRUE(server->agreed[2].resumed);
  }
}

TEST_F(UpstreamTls, HandshakesHaveTenSeconds) {
  const auto server = origin({.common_name = "s", .sans = "DNS:localhost"});
  server->answers = false;
  publish(to(server->url(), trusting()));
  auto client = connect();
  client->send(kGet);
  EXPECT_TRUE(turn_until([&] { return server->accepted == 1; }));
  pass(9s);
  EXPECT_TRUE(records.empty());
  pass(2s);
  EXPECT_TRUE(ended_as(504));
}

TEST_F(UpstreamTls, AClientThatLeavesEndsTheHandshake) {
  const auto server = origin({.common_name = "s", .sans = "DNS:localhost"});
  server->answers = false;
  publish(to(server->url(), trusting()));
  auto client = connect();
  client->send(kGet);
  EXPECT_TRUE(turn_until([&] { return server->accepted == 1; }));
  client->close();
  EXPECT_TRUE(ended_as(499));
}

TEST_F(UpstreamTls, PlainServersAreAskedForTlsInVain) {
  testing::Origin plain(loop);
  publish(to("https://localhost:" + std::to_string(plain.port()), trusting()));
  auto client = connect();
  client->send(kGet);
  auto upstream = accept_at(plain);
  EXPECT_TRUE(turn_until([&] { return !upstream->received.empty(); }));
  upstream->send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_TRUE(ended_as(502));
}

TEST_F(UpstreamTls, ServicesWithWrongTransportsAreDisabled) {
  const auto reason = [this](const std::string& url, const ServersTransport& transport) -> std::string {
    const auto built = publish(to(url, transport));
    const auto& report = built.report->services.at("app@file");
    return report.status == Status::disabled ? report.errors.front() : "";
  };
  EXPECT_THAT(reason("https://a", {.root_cas = {"/nonexistent.pem"}}),
              HasSubstr("serversTransport t@file: /nonexistent.pem: No such file"));
  EXPECT_THAT(builder->files(), ElementsAre("/nonexistent.pem"));
  EXPECT_EQ(reason("http://a", {.root_cas = {"/nonexistent.pem"}}), "") << "nobody needs it";
  EXPECT_THAT(builder->files(), IsEmpty());
  EXPECT_THAT(reason("https://a", {.cipher_suites = {"NOPE"}}), HasSubstr("invalid CipherSuite: NOPE"));
  EXPECT_THAT(reason("https://a", {.min_version = "9"}), HasSubstr("unknown TLS version"));
  EXPECT_THAT(reason("https://a", {.peer_cert_sans = {{"IP", "1"}}}), HasSubstr("it is DNSName or URI"));
  EXPECT_THAT(reason("https://a", {.spiffe = config::dynamic::Spiffe{}}), HasSubstr("spiffe"));
  auto configuration = all_to({"https://a"});
  configuration.http.services["app@file"].load_balancer->servers_transport = "gone@file";
  EXPECT_EQ(publish(configuration).report->services.at("app@file").errors.front(),
            "error building proxy for server URL https://a: servers transport not found gone@file");
}

TEST_F(UpstreamTls, TransportsKeepWhatWasGood) {
  const auto path = std::filesystem::temp_directory_path() / ("fl-ca-" + std::to_string(::getpid()) + ".pem");
  std::ofstream(path) << authority.pem();
  const auto server = origin({.common_name = "s", .sans = "DNS:localhost"});
  const auto configuration = to(server->url(), {.root_cas = {path.string()}});
  const auto first = publish(configuration);
  const auto handler = [](const BuildResult& built) {
    return built.snapshot->entry_points[0].http.routers[0]->handler;
  };
  EXPECT_EQ(handler(publish(configuration)), handler(first));
  std::ofstream(path) << "";
  builder->files_changed();
  const auto second = publish(configuration);
  EXPECT_EQ(handler(second), handler(first));
  EXPECT_EQ(second.report->services.at("app@file").status, Status::warning);
  EXPECT_THAT(second.report->services.at("app@file").errors, ElementsAre(HasSubstr("stays in use")));
  EXPECT_EQ(get(), "200");
  std::ofstream(path) << Authority("Other").pem();
  builder->files_changed();
  const auto third = publish(configuration);
  EXPECT_NE(handler(third), handler(first));
  EXPECT_EQ(get(), "500");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace fl::proxy
