#include "tls/tls_stream.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "net/loop.h"
#include "tls/openssl/handles.h"
#include "tls/openssl/transport.h"

namespace fl::tls {
namespace {

using ::testing::HasSubstr;

struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ~Identity() {
    EVP_PKEY_free(key);
    X509_free(certificate);
  }
};

// A self-signed certificate for the names, valid for `days` from yesterday on.
void make_identity(Identity& identity, const char* names, long days) {
  X509* x = identity.certificate;
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -86400);
  X509_gmtime_adj(X509_getm_notAfter(x), 86400 * (days - 1));
  X509_set_pubkey(x, identity.key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(x));
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
  X509_add_ext(x, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x, identity.key, EVP_sha256());
}

// A server on a thread of its own: one blocking connection, handled by `serve`.
class Server {
 public:
  Server(const char* names, long days, int max_version, std::function<void(SSL*)> serve) {
    make_identity(identity_, names, days);
    ca_file_ = std::filesystem::temp_directory_path() / ("fl-tls-test-" + std::to_string(::getpid()) + ".pem");
    FILE* file = std::fopen(ca_file_.c_str(), "w");
    PEM_write_X509(file, identity_.certificate);
    std::fclose(file);

    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = {net::IpAddress::v4({127, 0, 0, 1}), ntohs(address.sin_port)};

    thread_ = std::thread([this, max_version, serve = std::move(serve)] {
      SSL_CTX* context = SSL_CTX_new(TLS_server_method());
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context, max_version);
      SSL_CTX_use_certificate(context, identity_.certificate);
      SSL_CTX_use_PrivateKey(context, identity_.key);
      const int fd = ::accept(listener_, nullptr, nullptr);
      SSL* session = SSL_new(context);
      openssl::Transport transport{.fd = fd};
      BIO* bio = openssl::new_bio(transport);  // the client may be gone before the server has written all
      SSL_set_bio(session, bio, bio);
      if (SSL_accept(session) == 1) serve(session);
      SSL_free(session);
      ::close(fd);
      SSL_CTX_free(context);
    });
  }
  ~Server() {
    thread_.join();
    ::close(listener_);
    std::filesystem::remove(ca_file_);
  }

  const std::string& ca_file() const { return ca_file_; }
  net::SocketAddress address() const { return address_; }

 private:
  Identity identity_;
  std::string ca_file_;
  int listener_;
  net::SocketAddress address_;
  std::thread thread_;
};

using Connected = Result<std::unique_ptr<TlsStream>>;

// Runs `talk` on a connection to the server, on a loop of its own.
void with_connection(const Server& server, const std::string& host, const std::string& ca_file,
                     std::function<net::Task<void>(Connected)> talk) {
  net::Loop loop;
  loop.make_current();
  const auto run = [&]() -> net::Task<void> {
    int error = 0;
    const TimePoint deadline = loop.now() + 10s;
    auto socket = co_await net::connect(server.address(), deadline, &error);
    EXPECT_EQ(error, 0);
    auto context = ClientContext::create({.ca_file = ca_file});
    EXPECT_TRUE(context);
    Connected connected = co_await TlsStream::connect(std::move(socket), *context, host, deadline);
    co_await talk(std::move(connected));
    loop.stop();
  };
  net::spawn(run());
  loop.run();
}

void ignore(SSL*) {}

TEST(TlsStream, MovesBytesBothWays) {
  // More than sockets and records hold at once, so that both sides have to wait.
  const std::string big(3 << 20, 'x');
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Server server("DNS:proxy.test", 2, version, [&](SSL* session) {
      char buffer[10000];
      size_t got = 0;
      for (int n; got < big.size() + 5 && (n = SSL_read(session, buffer, sizeof buffer)) > 0;)
        got += static_cast<size_t>(n);
      EXPECT_EQ(got, big.size() + 5);
      EXPECT_STREQ(SSL_get_servername(session, TLSEXT_NAMETYPE_host_name), "proxy.test");
      SSL_write(session, big.data(), static_cast<int>(big.size()));
      SSL_shutdown(session);
    });
    with_connection(server, "proxy.test", server.ca_file(), [&](Connected connected) -> net::Task<void> {
      EXPECT_TRUE(connected) << connected.error().message;
      if (!connected) co_return;
      TlsStream& stream = **connected;
      EXPECT_EQ(co_await stream.write({"he", "llo", big}), 0);
      net::InBuffer in;
      size_t got = 0;
      ssize_t n = 0;
      while ((n = co_await stream.fill(in)) > 0) {
        got += in.size();
        in.consume(in.size());
      }
      EXPECT_EQ(n, 0);
      EXPECT_EQ(got, big.size());
      co_await stream.shutdown_write();
    });
  }
}

TEST(TlsStream, IsIdleBetweenMessages) {
  Server server("DNS:proxy.test", 2, TLS1_3_VERSION, [](SSL* session) {
    char byte;
    for (int i = 0; i < 2; ++i) {
      SSL_write(session, "ab", 2);
      SSL_read(session, &byte, 1);
    }
    SSL_shutdown(session);
  });
  with_connection(server, "proxy.test", server.ca_file(), [](Connected connected) -> net::Task<void> {
    TlsStream& stream = **connected;
    net::InBuffer in;
    EXPECT_EQ(co_await stream.fill(in), 2);
    EXPECT_TRUE(stream.is_idle());
    EXPECT_EQ(co_await stream.write("x"), 0);
    EXPECT_EQ(co_await stream.readable(), 0);
    while (stream.is_idle()) co_await stream.readable();  // a ticket may come alone
    EXPECT_EQ(co_await stream.fill(in), 2);
    EXPECT_EQ(co_await stream.write("x"), 0);
    EXPECT_EQ(co_await stream.fill(in), 0);
    EXPECT_FALSE(stream.is_idle());
  });
}

TEST(TlsStream, TakesAddressesAsHosts) {
  Server server("IP:127.0.0.1", 2, TLS1_3_VERSION, ignore);
  with_connection(server, "127.0.0.1", server.ca_file(), [](Connected connected) -> net::Task<void> {
    EXPECT_TRUE(connected) << connected.error().message;
    co_return;
  });
}

TEST(TlsStream, RefusesWhatItCannotTrust) {
  struct Case {
    const char* names;
    long days;
    int version;
    const char* host;
    bool trusts_server;
    Code code;
    const char* message;
  };
  for (const Case& c : {
           Case{"DNS:other.test", 2, TLS1_3_VERSION, "proxy.test", true, Code::denied, "hostname mismatch"},
           Case{"DNS:p*.test", 2, TLS1_3_VERSION, "proxy.test", true, Code::denied, "hostname mismatch"},
           Case{"IP:127.0.0.2", 2, TLS1_3_VERSION, "127.0.0.1", true, Code::denied, "IP address mismatch"},
           Case{"DNS:proxy.test", 0, TLS1_3_VERSION, "proxy.test", true, Code::denied, "expired"},
           Case{"DNS:proxy.test", 2, TLS1_3_VERSION, "proxy.test", false, Code::denied, "self-signed"},
           Case{"DNS:proxy.test", 2, TLS1_1_VERSION, "proxy.test", true, Code::unavailable, "handshake failed"},
       }) {
    Server server(c.names, c.days, c.version, ignore);
    with_connection(server, c.host, c.trusts_server ? server.ca_file() : "",
                    [&](Connected connected) -> net::Task<void> {
                      EXPECT_FALSE(connected) << c.names;
                      if (connected) co_return;
                      EXPECT_EQ(connected.error().code, c.code) << connected.error().message;
                      EXPECT_THAT(connected.error().message, HasSubstr(c.message));
                      EXPECT_THAT(connected.error().message, HasSubstr(c.host));
                    });
  }
}

TEST(TlsStream, AnEndWithoutCloseNotifyIsAnError) {
  Server server("DNS:proxy.test", 2, TLS1_3_VERSION, [](SSL* session) { SSL_write(session, "cut", 3); });
  with_connection(server, "proxy.test", server.ca_file(), [](Connected connected) -> net::Task<void> {
    EXPECT_TRUE(connected);
    net::InBuffer in;
    EXPECT_EQ(co_await (*connected)->fill(in), 3);
    EXPECT_EQ(co_await (*connected)->fill(in), -ECONNRESET);
    EXPECT_EQ(co_await (*connected)->write("more"), -ECONNRESET);
  });
}

TEST(ClientContext, NeedsCertificates) {
  EXPECT_THAT(ClientContext::create({.ca_file = "/nonexistent.pem"}).error().message, HasSubstr("/nonexistent.pem"));
  EXPECT_FALSE(ClientContext::create({.ca_file = "/dev/null"}));
  EXPECT_TRUE(ClientContext::create({}));
}

}  // namespace
}  // namespace fl::tls
