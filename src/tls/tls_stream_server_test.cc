// The server's end of a TlsStream beside OpenSSL's client: what follows the handshake, with our records (TLS 1.3) and
// with OpenSSL's (1.2, and suites that we leave to it).
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <csignal>

#include "support/loop_fixture.h"
#include "tls/openssl/client_for_test.h"
#include "tls/testing/authority.h"
#include "tls/tls_stream.h"

namespace fl::tls {
namespace {

using openssl::Client;

class TlsStreamServerTest : public fl::testing::LoopFixture {
 protected:
  TlsStreamServerTest() {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL's client writes to what the server has closed
    const auto issued = testing::Authority().issue({.common_name = "a.test", .sans = "DNS:a.test"});
    const auto certificate = Certificate::parse(issued.certificate_pem, issued.key_pem);
    std::vector<std::shared_ptr<const Certificate>> none;
    context = *ServerContext::create({}, std::make_shared<CertificateStore>(none, *certificate, clock.wall()),
                                     std::make_shared<TicketKeys>(clock.wall()));
  }

  // Shakes hands and runs `serve` on the server's end.
  void connect(const std::function<net::Task<>(TlsStream&)>& serve,
               const std::function<void(SSL_CTX*, SSL*)>& prepare = nullptr) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    raw = pair[1];
    client = std::make_unique<Client>(pair[1], "a.test", prepare);
    SSL_set_mode(client->session(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    net::spawn(run(pair[0], serve));
  }
  net::Task<> run(int fd, std::function<net::Task<>(TlsStream&)> serve) {
    auto accepted =
        co_await TlsStream::accept(std::make_unique<net::TcpStream>(loop, fd), context, {}, loop.now() + 10s);
    EXPECT_TRUE(accepted.has_value());
    if (accepted) co_await serve(**accepted);
    served = true;
  }
  // Until the server is done; `step` is the client's part of each turn.
  void finish(const std::function<void()>& step = [] {}) {
    EXPECT_TRUE(turn_until([&] {
      client->step();
      step();
      return served && (client->ended || client->failed);
    }));
  }

  std::shared_ptr<const ServerContext> context;
  std::unique_ptr<Client> client;
  int raw = -1;
  bool served = false;
};

// Sends back what comes until the end, which it answers with its own.
net::Task<> echo(TlsStream& stream) {
  net::InBuffer in;
  ssize_t n = 0;
  while ((n = co_await stream.fill(in)) > 0) {
    EXPECT_EQ(co_await stream.write(in.view()), 0);
    in.consume(in.size());
  }
  EXPECT_EQ(n, 0);
  co_await stream.shutdown_write();
}

// Writes all of `text`, a part a turn as the socket takes it, then close_notify.
struct Sender {
  Client& client;
  std::string text;
  size_t sent = 0;
  bool ended = false;
  std::function<void()> between = [] {};

  void operator()() {
    while (client.connected && sent < text.size()) {
      const int n = SSL_write(client.session(), text.data() + sent,
                              static_cast<int>(std::min<size_t>(text.size() - sent, 50'000)));
      if (n <= 0) return;
      sent += static_cast<size_t>(n);
      between();
    }
    if (sent == text.size() && !ended) ended = SSL_shutdown(client.session()) >= 0;
  }
};

TEST_F(TlsStreamServerTest, EchoesMoreThanSocketsHold) {
  std::string text(3 << 20, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 + i / 1000);
  for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", ""}) {
    SCOPED_TRACE(suite);
    served = false;
    connect(echo, [suite](SSL_CTX*, SSL* session) {
      if (*suite == '\0')
        SSL_set_max_proto_version(session, TLS1_2_VERSION);
      else
        SSL_set_ciphersuites(session, suite);
    });
    finish(Sender{*client, text});
    EXPECT_TRUE(client->ended) << client->error;
    EXPECT_TRUE(client->received == text) << client->received.size();
  }
}

TEST_F(TlsStreamServerTest, FollowsTheClientsKeyUpdates) {
  const std::string text(1 << 20, 'k');
  connect(echo);
  int updates = 0;
  Sender sender{*client, text};
  sender.between = [&] {
    const int kind = updates % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    if (SSL_key_update(client->session(), kind) == 1) ++updates;
  };
  finish(sender);
  EXPECT_TRUE(client->ended) << client->error;
  EXPECT_TRUE(client->received == text) << client->received.size();
  EXPECT_GT(updates, 10);
}

TEST_F(TlsStreamServerTest, AnswersWhatCameWithTheLastMessageOfTheHandshake) {
  connect(echo);
  // The client's last message and its request are there before the server looks.
  EXPECT_TRUE(turn_until([&] {
    if (!client->connected && SSL_do_handshake(client->session()) == 1) {
      client->connected = true;
      client->send("first");
      client->send("second");
      SSL_shutdown(client->session());
    }
    return client->connected;
  }));
  finish();
  EXPECT_EQ(client->received, "firstsecond");
}

TEST_F(TlsStreamServerTest, AnEndWithoutCloseNotifyIsAnError) {
  ssize_t last = 0;
  connect([&last](TlsStream& stream) -> net::Task<> {
    net::InBuffer in;
    while ((last = co_await stream.fill(in)) > 0) in.consume(in.size());
    EXPECT_EQ(co_await stream.write("more"), -ECONNRESET);
  });
  bool cut = false;
  finish([&] {
    if (!client->connected || cut) return;
    client->send("cut");
    ::shutdown(raw, SHUT_WR);
    cut = true;
  });
  EXPECT_EQ(last, -ECONNRESET);
}

TEST_F(TlsStreamServerTest, TellsTheClientWhatIsWrongWithARecord) {
  ssize_t last = 0;
  connect([&last](TlsStream& stream) -> net::Task<> {
    net::InBuffer in;
    while ((last = co_await stream.fill(in)) > 0) in.consume(in.size());
  });
  bool sent = false;
  finish([&] {
    if (!client->connected || sent) return;
    EXPECT_EQ(::send(raw, "\x17\x03\x03\x00\x13nineteen bytes here", 24, 0), 24);
    sent = true;
  });
  EXPECT_EQ(last, -ECONNRESET);
  EXPECT_THAT(client->error, ::testing::HasSubstr("bad record mac"));
}

TEST_F(TlsStreamServerTest, ARetriedWriteIsToldOnceAllOfItIsOut) {
  const std::string text(1 << 20, 'w');
  connect([&text](TlsStream& stream) -> net::Task<> {
    size_t told = 0;
    while (told < text.size()) {
      const iovec part{const_cast<char*>(text.data()) + told, text.size() - told};
      const ssize_t n = stream.try_write(&part, 1);
      if (n == -EAGAIN) {
        EXPECT_EQ(co_await stream.writable(), 0);
        continue;
      }
      EXPECT_GT(n, 0);
      if (n <= 0) co_return;
      told += static_cast<size_t>(n);
    }
    co_await stream.shutdown_write();
  });
  finish();
  EXPECT_TRUE(client->received == text) << client->received.size();
}

TEST_F(TlsStreamServerTest, TheEndWaitsForRoom) {
  const std::string text(1 << 20, 'w');
  size_t told = 0;
  connect([&](TlsStream& stream) -> net::Task<> {
    ssize_t n = 0;
    do {
      told += static_cast<size_t>(n);
      const iovec part{const_cast<char*>(text.data()) + told, text.size() - told};
      n = stream.try_write(&part, 1);
    } while (n > 0);
    EXPECT_EQ(n, -EAGAIN);
    EXPECT_FALSE(stream.try_shutdown_write());
    co_await stream.shutdown_write();
  });
  finish();
  EXPECT_TRUE(client->ended) << client->error;
  EXPECT_GT(client->received.size(), told);  // with what found room behind that
}

}  // namespace
}  // namespace fl::tls
