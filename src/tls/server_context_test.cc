#include "tls/server_context.h"

#include <gmock/gmock.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "support/loop_fixture.h"
#include "tls/openssl/client_for_test.h"
#include "tls/openssl/session.h"
#include "tls/testing/authority.h"
#include "tls/tls_stream.h"

namespace fl::tls {
namespace {

using openssl::Client;
using ::testing::AnyOf;
using testing::Authority;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServerContextTest : public fl::testing::LoopFixture {
 protected:
  using Prepare = std::function<void(SSL_CTX*, SSL*)>;

  std::shared_ptr<const Certificate> certificate(const Authority::Request& request) {
    const auto issued = authority.issue(request);
    auto parsed = Certificate::parse(issued.certificate_pem, issued.key_pem);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return *parsed;
  }
  std::shared_ptr<const ServerContext> context(const ServerOptions& options) {
    auto made = ServerContext::create(
        options, std::make_shared<CertificateStore>(certificates, default_certificate, clock.wall()), tickets);
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  std::string refusal(const ServerOptions& options) {
    const auto made = ServerContext::create(
        options, std::make_shared<CertificateStore>(certificates, default_certificate, clock.wall()), tickets);
    return made ? "" : made.error().message;
  }

  // A client and what became of it on our side.
  struct Connection {
    std::unique_ptr<Client> client;
    std::optional<TlsStream::Accepted> server;

    TlsStream& stream() { return **server->operator->(); }
    bool accepted() const { return server && server->has_value(); }
    HandshakeFailure failure() const { return server->error().failure; }
    const Negotiated& negotiated() const { return (**server)->negotiated(); }
  };

  std::unique_ptr<Connection> connect(const std::shared_ptr<const ServerContext>& server, const std::string& name,
                                      const Prepare& prepare = nullptr, size_t read_before = 0) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    auto connection = std::make_unique<Connection>();
    connection->client = std::make_unique<Client>(pair[1], name, prepare);
    std::string first(read_before, '\0');
    if (read_before > 0) {
      connection->client->step();
      EXPECT_EQ(::recv(pair[0], first.data(), first.size(), 0), static_cast<ssize_t>(read_before));
    }
    net::spawn(accept(std::make_unique<net::TcpStream>(loop, pair[0]), server, first, *connection));
    EXPECT_TRUE(turn_until([&] {
      connection->client->step();
      return connection->server && connection->client->settled();
    })) << name;
    if (connection->accepted()) EXPECT_TRUE(connection->stream().is_idle());  // as servers do: a ticket goes out
    connection->client->step();  // a refusal or a ticket that came after its own last message
    return connection;
  }
  net::Task<> accept(std::unique_ptr<net::TcpStream> socket, std::shared_ptr<const ServerContext> server,
                     std::string_view first, Connection& connection) {
    connection.server.emplace(co_await TlsStream::accept(std::move(socket), server, first, loop.now() + 10s));
  }
  // The common name of the certificate that a client of `name` is shown; "refused: ..." else.
  std::string shown(const std::shared_ptr<const ServerContext>& server, const std::string& name,
                    const Prepare& prepare = nullptr) {
    const auto connection = connect(server, name, prepare);
    return connection->client->connected && connection->accepted() ? connection->client->common_name()
                                                                   : "refused: " + connection->client->error;
  }

  Authority authority;
  std::vector<std::shared_ptr<const Certificate>> certificates;
  std::shared_ptr<const Certificate> default_certificate =
      certificate({.common_name = "default", .sans = "DNS:default.test"});
  std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>(clock.wall());
};

TEST_F(ServerContextTest, ChoosesTheCertificateByServerName) {
  certificates = {certificate({.common_name = "exact", .sans = "DNS:a.example.test,DNS:B.example.test"}),
                  certificate({.common_name = "wild", .sans = "DNS:*.example.test"}),
                  certificate({.common_name = "second", .sans = "DNS:a.example.test"}),
                  certificate({.common_name = "named.test", .sans = ""}),
                  certificate({.common_name = "address", .sans = "IP:192.0.2.1"})};
  const auto lax = context({});
  const auto strict = context({.sni_strict = true});
  struct Case {
    const char* name;
    const char* lax;
    const char* strict;
  };
  for (const Case& c : {Case{"a.example.test", "exact", "exact"}, Case{"A.Example.TEST", "exact", "exact"},
                        Case{"b.example.test", "exact", "exact"}, Case{"c.example.test", "wild", "wild"},
                        Case{"named.test", "named.test", "named.test"},
                        Case{"x.y.example.test", "default", "refused: tlsv1 unrecognized name"},
                        Case{"example.test", "default", "refused: tlsv1 unrecognized name"},
                        Case{"default.test", "default", "refused: tlsv1 unrecognized name"},
                        Case{"", "default", "refused: tlsv1 unrecognized name"}}) {
    EXPECT_EQ(shown(lax, c.name), c.lax) << c.name;
    EXPECT_EQ(shown(strict, c.name), c.strict) << c.name;
  }
}

TEST_F(ServerContextTest, PrefersACertificateThatHasNotExpired) {
  certificates = {certificate({.common_name = "old", .sans = "DNS:a.test", .days = -1}),
                  certificate({.common_name = "new", .sans = "DNS:a.test"})};
  clock.elapsed = system_clock().wall() - clock.wall();
  quiesce();
  EXPECT_EQ(shown(context({}), "a.test"), "new");
}

TEST_F(ServerContextTest, ShowsTheKindOfKeyTheClientCanCheck) {
  certificates = {certificate({.common_name = "rsa", .sans = "DNS:a.test", .key = "RSA"}),
                  certificate({.common_name = "ecdsa", .sans = "DNS:a.test"}),
                  certificate({.common_name = "edwards", .sans = "DNS:e.test", .key = "ED25519"})};
  const auto server = context({});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto only = [version](const char* algorithms) {
      return [version, algorithms](SSL_CTX*, SSL* session) {
        SSL_set_max_proto_version(session, version);
        EXPECT_EQ(SSL_set1_sigalgs_list(session, algorithms), 1);
      };
    };
    EXPECT_EQ(shown(server, "a.test", only("ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256")), "ecdsa");
    EXPECT_EQ(shown(server, "a.test", only("RSA-PSS+SHA256:RSA+SHA256")), "rsa");
    EXPECT_EQ(shown(server, "e.test", only("ed25519:ECDSA+SHA256")), "edwards");
    EXPECT_THAT(shown(server, "e.test", only("ECDSA+SHA256")), HasSubstr("refused"));
  }
}

TEST_F(ServerContextTest, TellsWhatWasAgreed) {
  const auto server = context({.alpn = {"h2", "http/1.1"}});
  const auto connection = connect(server, "Some.Name.", [](SSL_CTX*, SSL* session) {
    SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>("\x08http/1.1\x02h2"), 12);
    SSL_set_ciphersuites(session, "TLS_CHACHA20_POLY1305_SHA256");
  });
  ASSERT_TRUE(connection->accepted());
  const Negotiated& agreed = connection->negotiated();
  EXPECT_EQ(agreed.version, "1.3");
  EXPECT_EQ(agreed.cipher, "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(agreed.alpn, "h2");
  EXPECT_EQ(agreed.server_name, "some.name");
  EXPECT_FALSE(agreed.resumed);
  EXPECT_TRUE(agreed.peer_certificates.empty());

  const auto old = connect(server, "", [](SSL_CTX*, SSL* session) {
    SSL_set_max_proto_version(session, TLS1_2_VERSION);
    SSL_set_cipher_list(session, "ECDHE-ECDSA-AES256-GCM-SHA384");
  });
  ASSERT_TRUE(old->accepted());
  EXPECT_EQ(old->negotiated().version, "1.2");
  EXPECT_EQ(old->negotiated().cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  EXPECT_EQ(old->negotiated().alpn, "");
  EXPECT_EQ(old->negotiated().server_name, "");
}

TEST_F(ServerContextTest, ChoosesCiphersInTheOrderOfGo) {
  struct Case {
    const char* theirs;
    const char* agreed;
  };
  for (const Case& c : {Case{"TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
                        Case{"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384"},
                        Case{"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}}) {
    const auto connection =
        connect(context({}), "", [&c](SSL_CTX*, SSL* session) { SSL_set_ciphersuites(session, c.theirs); });
    ASSERT_TRUE(connection->accepted()) << c.theirs;
    EXPECT_EQ(connection->negotiated().cipher, c.agreed) << c.theirs;
  }
}

TEST_F(ServerContextTest, NegotiatesProtocolsAsGoDoes) {
  struct Case {
    std::vector<std::string> ours;
    std::string theirs;
    const char* agreed;  // null: refused
  };
  for (const Case& c : {Case{{"h2", "http/1.1"}, "\x08http/1.1", "http/1.1"}, Case{{"h2"}, "\x08http/1.1", ""},
                        Case{{"http/1.1"}, "\x02h2", nullptr},
                        Case{{"h2", "http/1.1"},
                             "\x03"
                             "foo",
                             nullptr},
                        Case{{}, "\x02h2", ""}, Case{{"h2"}, "", ""}}) {
    const auto connection = connect(context({.alpn = c.ours}), "", [&c](SSL_CTX*, SSL* session) {
      SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>(c.theirs.data()),
                          static_cast<unsigned>(c.theirs.size()));
    });
    ASSERT_EQ(connection->accepted(), c.agreed != nullptr) << c.theirs;
    if (c.agreed != nullptr)
      EXPECT_EQ(connection->negotiated().alpn, c.agreed) << c.theirs;
    else
      EXPECT_EQ(connection->failure(), HandshakeFailure::alpn) << c.theirs;
  }
}

TEST_F(ServerContextTest, HoldsToVersionsCiphersAndCurves) {
  const auto speaks = [](int version) {
    return [version](SSL_CTX* c, SSL* session) {
      SSL_CTX_set_security_level(c, 0);
      SSL_set_security_level(session, 0);
      SSL_set_min_proto_version(session, version);
      SSL_set_max_proto_version(session, version);
    };
  };
  const auto version_of = [&](const ServerOptions& options, int version) -> std::string {
    const auto connection = connect(context(options), "", speaks(version));
    if (connection->accepted()) return std::string(connection->negotiated().version);
    EXPECT_EQ(connection->failure(), HandshakeFailure::version);
    return "refused";
  };
  EXPECT_EQ(version_of({}, TLS1_VERSION), "refused");
  EXPECT_EQ(version_of({}, TLS1_1_VERSION), "refused");
  EXPECT_EQ(version_of({}, TLS1_2_VERSION), "1.2");
  EXPECT_EQ(version_of({}, TLS1_3_VERSION), "1.3");
  EXPECT_EQ(version_of({.protocol = {.min_version = Version::tls10}}, TLS1_VERSION), "1.0");
  EXPECT_EQ(version_of({.protocol = {.min_version = Version::tls13}}, TLS1_2_VERSION), "refused");
  EXPECT_EQ(version_of({.protocol = {.max_version = Version::tls12}}, TLS1_3_VERSION), "refused");

  const ServerOptions one_suite{.protocol = {.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}}};
  auto connection = connect(context(one_suite), "", speaks(TLS1_2_VERSION));
  EXPECT_EQ(connection->negotiated().cipher, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  connection = connect(context(one_suite), "", [&](SSL_CTX* c, SSL* session) {
    speaks(TLS1_2_VERSION)(c, session);
    SSL_set_cipher_list(session, "ECDHE-ECDSA-AES128-GCM-SHA256");
  });
  EXPECT_EQ(connection->failure(), HandshakeFailure::parameters);
  // Suites of TLS 1.3 alone leave nothing for 1.2.
  const ServerOptions modern{.protocol = {.cipher_suites = {"TLS_AES_128_GCM_SHA256"}}};
  EXPECT_EQ(version_of(modern, TLS1_2_VERSION), "refused");
  EXPECT_EQ(version_of(modern, TLS1_3_VERSION), "1.3");

  connection = connect(context({.protocol = {.curves = {"CurveP384", "X25519MLKEM768"}}}), "",
                       [](SSL_CTX*, SSL* session) { SSL_set1_groups_list(session, "X25519:P-384"); });
  ASSERT_TRUE(connection->accepted());
  EXPECT_EQ(SSL_get_negotiated_group(connection->client->session()), NID_secp384r1);
  connection = connect(context({.protocol = {.curves = {"secp384r1"}}}), "",
                       [](SSL_CTX*, SSL* session) { SSL_set1_groups_list(session, "X25519"); });
  EXPECT_EQ(connection->failure(), HandshakeFailure::parameters);
}

TEST_F(ServerContextTest, RefusesOptionsThatAreWrong) {
  EXPECT_EQ(refusal({.protocol = {.cipher_suites = {"TLS_FOO"}}}), "invalid CipherSuite: TLS_FOO");
  EXPECT_EQ(refusal({.protocol = {.cipher_suites = {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"}}}), "");
  EXPECT_EQ(refusal({.protocol = {.curves = {"P-1"}}}), "invalid CurveID in curvePreferences: P-1");
  EXPECT_THAT(refusal({.protocol = {.min_version = Version::tls13, .max_version = Version::tls12}}),
              HasSubstr("minVersion is above maxVersion"));
  EXPECT_THAT(refusal({.client_auth = ClientAuth::require_and_verify}), HasSubstr("caFiles"));
  EXPECT_THAT(refusal({.client_auth = ClientAuth::request, .client_ca_pem = "x"}), HasSubstr("no PEM certificate"));
  EXPECT_THAT(refusal({.key_log_file = "/nonexistent/keys"}), HasSubstr("/nonexistent/keys"));
  EXPECT_EQ(parse_version("VersionTLS13"), Version::tls13);
  EXPECT_THAT(parse_version("TLS13").error().message, HasSubstr("VersionTLS12, VersionTLS13"));
  EXPECT_EQ(parse_client_auth("VerifyClientCertIfGiven"), ClientAuth::verify_if_given);
  EXPECT_THAT(parse_client_auth("Never").error().message, HasSubstr("unknown client auth type \"Never\""));
}

TEST_F(ServerContextTest, AsksClientsForCertificates) {
  const Authority other("Other CA");
  const auto good = authority.issue({.common_name = "client"});
  const auto bad = other.issue({.common_name = "stranger"});
  const auto expired = authority.issue({.common_name = "late", .days = -1});
  const auto with = [](const testing::Issued* identity, int version) {
    return [identity, version](SSL_CTX*, SSL* session) {
      SSL_set_max_proto_version(session, version);
      if (identity == nullptr) return;
      const auto chain = openssl::parse_certificates(identity->certificate_pem);
      const auto key = openssl::parse_private_key(identity->key_pem);
      SSL_use_certificate(session, sk_X509_value(chain->get(), 0));
      SSL_use_PrivateKey(session, key->get());
    };
  };
  struct Case {
    ClientAuth mode;
    bool none, good, bad, expired;  // which are let in
  };
  for (const Case& c :
       {Case{ClientAuth::none, true, true, true, true}, Case{ClientAuth::request, true, true, true, true},
        Case{ClientAuth::require_any, false, true, true, true},
        Case{ClientAuth::verify_if_given, true, true, false, false},
        Case{ClientAuth::require_and_verify, false, true, false, false}}) {
    const auto server = context({.client_auth = c.mode, .client_ca_pem = authority.pem()});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto verdict = [&](const testing::Issued* identity) {
        const auto connection = connect(server, "", with(identity, version));
        if (!connection->accepted()) {
          EXPECT_EQ(connection->failure(), HandshakeFailure::client_certificate);
          return false;
        }
        const Negotiated& agreed = connection->negotiated();
        const bool asked = identity != nullptr && c.mode != ClientAuth::none;
        EXPECT_EQ(agreed.peer_certificates.size(), asked ? 1u : 0u);
        if (asked) EXPECT_EQ(agreed.peer_certificates[0].subject.parts[0].second, agreed.peer_subject.substr(3));
        EXPECT_EQ(agreed.peer_subject.starts_with("CN="), asked) << agreed.peer_subject;
        EXPECT_EQ(agreed.peer_verified, asked && c.mode >= ClientAuth::verify_if_given);
        return true;
      };
      EXPECT_EQ(verdict(nullptr), c.none) << static_cast<int>(c.mode);
      EXPECT_EQ(verdict(&good), c.good) << static_cast<int>(c.mode);
      EXPECT_EQ(verdict(&bad), c.bad) << static_cast<int>(c.mode);
      EXPECT_EQ(verdict(&expired), c.expired) << static_cast<int>(c.mode);
    }
  }
}

// Keeps the newest ticket a client was given.
openssl::Owned<SSL_SESSION> session_of(const std::shared_ptr<const ServerContext>&, Client& client) {
  return openssl::Owned<SSL_SESSION>(SSL_get1_session(client.session()));
}

TEST_F(ServerContextTest, ResumesSessionsWhereTheSameRulesHold) {
  const auto server = context({});
  const auto same_rules = context({.alpn = {"h2"}});
  const auto other_rules = context({.client_auth = ClientAuth::request});
  const auto without = context({.session_tickets = false});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto speaks = [version](SSL_CTX*, SSL* session) { SSL_set_max_proto_version(session, version); };
    const auto resumed = [&](const std::shared_ptr<const ServerContext>& at, SSL_SESSION* session) {
      const auto again = connect(at, "a.test", [&](SSL_CTX* c, SSL* s) {
        speaks(c, s);
        SSL_set_session(s, session);
      });
      EXPECT_TRUE(again->accepted());
      return again->negotiated().resumed;
    };
    const auto first = connect(server, "a.test", speaks);
    const auto session = session_of(server, *first->client);
    EXPECT_TRUE(SSL_SESSION_is_resumable(session.get()));
    EXPECT_TRUE(resumed(server, session.get()));
    EXPECT_TRUE(resumed(same_rules, session.get()));
    EXPECT_FALSE(resumed(other_rules, session.get()));
    EXPECT_FALSE(resumed(without, session.get()));
    const auto refused = connect(without, "a.test", speaks);
    EXPECT_FALSE(SSL_SESSION_is_resumable(session_of(without, *refused->client).get()));
    // Keys that are not known any more.
    tickets->rotate(clock.wall() + TicketKeys::kRotation * 10);
    EXPECT_FALSE(resumed(server, session.get()));
    pass(TicketKeys::kRotation * 10);
  }
}

TEST_F(ServerContextTest, ShowsAnOcspStapleToWhoAsks) {
  default_certificate->set_staple(std::make_shared<const std::string>("response"));
  const auto staple = [&](bool asks) -> std::string {
    const auto connection = connect(context({}), "", [asks](SSL_CTX*, SSL* session) {
      if (asks) SSL_set_tlsext_status_type(session, TLSEXT_STATUSTYPE_ocsp);
    });
    const unsigned char* response = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(connection->client->session(), &response);
    return size < 0 ? "" : std::string(reinterpret_cast<const char*>(response), static_cast<size_t>(size));
  };
  EXPECT_EQ(staple(true), "response");
  EXPECT_EQ(staple(false), "");
  default_certificate->set_staple(nullptr);
  EXPECT_EQ(staple(true), "");
}

TEST_F(ServerContextTest, BeginsWithWhatWasReadBefore) {
  const auto server = context({});
  for (const size_t size : {1u, 5u, 100u}) {
    auto connection = connect(server, "a.test", nullptr, size);
    ASSERT_TRUE(connection->accepted());
    connection->client->send("hello");
    net::InBuffer in;
    ssize_t n = 0;
    const auto read = [&]() -> net::Task<> { n = co_await connection->stream().fill(in); };
    net::spawn(read());
    EXPECT_TRUE(turn_until([&] { return n != 0; }));
    EXPECT_EQ(in.view(), "hello");
  }
}

TEST_F(ServerContextTest, CountsWhyAHandshakeFailed) {
  const auto server = context({});
  const auto outcome = [&](const std::function<void(int fd)>& act) {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    Connection connection;
    net::spawn(accept(std::make_unique<net::TcpStream>(loop, pair[0]), server, "", connection));
    act(pair[1]);
    EXPECT_TRUE(turn_until([&] { return connection.server.has_value(); }));
    ::close(pair[1]);
    EXPECT_FALSE(connection.accepted());
    EXPECT_FALSE(connection.server->error().detail.empty());
    return to_text(connection.failure());
  };
  const auto say = [](std::string_view text) {
    return [text](int fd) { EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size())); };
  };
  EXPECT_EQ(outcome(say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), "not_tls");
  EXPECT_EQ(outcome(say("SSH-2.0-OpenSSH_9.2p1 Debian\r\n")), "not_tls");
  EXPECT_EQ(outcome(say({"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 10})), "malformed");
  EXPECT_EQ(outcome([](int fd) { ::shutdown(fd, SHUT_WR); }), "closed");
  EXPECT_EQ(outcome([this](int) { pass(11s); }), "timeout");
  // One that does not trust us says so.
  const auto connection = connect(server, "", [](SSL_CTX*, SSL* session) {
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
    SSL_set_max_proto_version(session, TLS1_2_VERSION);
  });
  ASSERT_FALSE(connection->accepted());
  EXPECT_EQ(connection->failure(), HandshakeFailure::refused_by_client);
  EXPECT_THAT(connection->server->error().detail, HasSubstr("unknown ca"));
}

TEST_F(ServerContextTest, LogsKeysWhenTold) {
  const auto path = std::filesystem::temp_directory_path() / ("fl-keys-" + std::to_string(::getpid()));
  std::filesystem::remove(path);
  ASSERT_TRUE(connect(context({.key_log_file = path}), "")->accepted());
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, HasSubstr("CLIENT_TRAFFIC_SECRET_0 "));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::remove(path);
}

TEST_F(ServerContextTest, DoesNotRenegotiate) {
  const auto connection =
      connect(context({}), "", [](SSL_CTX*, SSL* session) { SSL_set_max_proto_version(session, TLS1_2_VERSION); });
  ASSERT_TRUE(connection->accepted());
  SSL_renegotiate(connection->client->session());
  net::InBuffer in;
  const auto read = [&]() -> net::Task<> { (void)co_await connection->stream().fill(in); };
  net::spawn(read());
  connection->client->connected = false;  // shake hands again
  EXPECT_TRUE(turn_until([&] {
    connection->client->step();
    return connection->client->failed;
  }));
  EXPECT_THAT(connection->client->error, HasSubstr("no renegotiation"));
  connection->client.reset();
  quiesce();
}

TEST_F(ServerContextTest, KeepsItsOptionsWithOtherCertificates) {
  const auto before = context({.alpn = {"h2"}});
  certificates = {certificate({.common_name = "late", .sans = "DNS:a.test"})};
  const auto after = before->with(std::make_shared<CertificateStore>(certificates, default_certificate, clock.wall()));
  EXPECT_EQ(after->options(), before->options());
  EXPECT_EQ(shown(after, "a.test"), "late");
  EXPECT_EQ(shown(before, "a.test"), "default");
}

TEST_F(ServerContextTest, EachOfThousandIsFoundByItsNames) {
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "h" + std::to_string(i) + ".test";
    certificates.push_back(certificate({.common_name = name, .sans = "DNS:" + name + ",DNS:*." + name}));
  }
  const CertificateStore store(certificates, default_certificate, clock.wall());
  for (const auto& expected : certificates)
    for (const std::string& name : {expected->facts().common_name, "x." + expected->facts().common_name}) {
      const auto* choice = store.find(name);
      ASSERT_NE(choice, nullptr) << name;
      EXPECT_EQ((*choice)[static_cast<size_t>(Certificate::KeyKind::ecdsa)], expected) << name;
    }
  EXPECT_EQ(store.find("h1000.test"), nullptr);
  EXPECT_EQ(store.find("x.y.h1.test"), nullptr) << "a wildcard is good for one label";
}

}  // namespace
}  // namespace fl::tls
