#include "tls/openssl/x25519.h"

#include <gtest/gtest.h>
#include <openssl/provider.h>

#include "base/crypto.h"
#include "support/hex.h"
#include "tls/openssl/protocol.h"
#include "tls/openssl/provider.h"
#include "tls/testing/authority.h"

namespace fl::tls::openssl {
namespace {

constexpr const char* kOurs = "provider=fairlead";
constexpr const char* kTheirs = "provider=default";

using Bytes = std::vector<uint8_t>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype([](EVP_PKEY_CTX* p) { EVP_PKEY_CTX_free(p); })>;

Bytes from_hex(std::string_view digits) {
  const std::string bytes = fl::testing::from_hex(digits);
  return {bytes.begin(), bytes.end()};
}

std::string provider_of(const EVP_PKEY* key) { return OSSL_PROVIDER_get0_name(EVP_PKEY_get0_provider(key)); }

class X25519Test : public ::testing::Test {
 protected:
  static Owned<EVP_PKEY> pair(const char* properties) {
    return Owned<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, properties, "X25519"));
  }
  static Owned<EVP_PKEY> pair_of(std::string_view private_key) {
    const Bytes bytes = from_hex(private_key);
    return Owned<EVP_PKEY>(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", kOurs, bytes.data(), bytes.size()));
  }
  // The other side's key, taken as libssl takes it; null when it is refused.
  static Owned<EVP_PKEY> peer(const char* properties, const Bytes& bytes) {
    const PkeyContext making(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", properties));
    EVP_PKEY* made = nullptr;
    EXPECT_EQ(EVP_PKEY_paramgen_init(making.get()), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_group_name(making.get(), "X25519"), 1);
    EXPECT_EQ(EVP_PKEY_paramgen(making.get(), &made), 1);
    Owned<EVP_PKEY> key(made);
    if (EVP_PKEY_set1_encoded_public_key(key.get(), bytes.data(), bytes.size()) != 1) key.reset();
    return key;
  }
  static Bytes encoded(EVP_PKEY* key) {
    unsigned char* out = nullptr;
    const size_t size = EVP_PKEY_get1_encoded_public_key(key, &out);
    const Owned<unsigned char> owner(out);
    return {out, out + size};
  }
  // Empty when the exchange fails.
  static Bytes shared(const char* properties, EVP_PKEY* key, const Bytes& public_key) {
    const Owned<EVP_PKEY> other = peer(properties, public_key);
    const PkeyContext exchange(EVP_PKEY_CTX_new_from_pkey(nullptr, key, properties));
    Bytes out(32);
    size_t size = out.size();
    EXPECT_EQ(EVP_PKEY_derive_init(exchange.get()), 1);
    EXPECT_EQ(EVP_PKEY_derive_set_peer(exchange.get(), other.get()), 1);
    if (EVP_PKEY_derive(exchange.get(), out.data(), &size) != 1) return {};
    EXPECT_EQ(size, out.size());
    return out;
  }

  const Owned<SSL_CTX> context = new_context(TLS_method());  // the provider is there
};

TEST_F(X25519Test, ComputesWhatRfc7748Computes) {
  struct Case {
    const char *private_key, *public_key, *shared;
  };
  for (const Case& c : {Case{"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
                             "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
                             "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
                        Case{"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
                             "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
                             "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"}})
    EXPECT_EQ(hex(shared(kOurs, pair_of(c.private_key).get(), from_hex(c.public_key))), c.shared);

  // Each result is the next private key, and that before it the next public one.
  std::string private_key = "0900000000000000000000000000000000000000000000000000000000000000",
              public_key = private_key;
  for (int i = 0; i < 1000; ++i) {
    public_key = std::exchange(private_key, hex(shared(kOurs, pair_of(private_key).get(), from_hex(public_key))));
    if (i == 0) EXPECT_EQ(private_key, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
  }
  EXPECT_EQ(private_key, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");

  // Section 6.1
  const auto alice = pair_of("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob = pair_of("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(hex(encoded(alice.get())), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(hex(encoded(bob.get())), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(hex(shared(kOurs, alice.get(), encoded(bob.get()))),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(shared(kOurs, bob.get(), encoded(alice.get())), shared(kOurs, alice.get(), encoded(bob.get())));
}

TEST_F(X25519Test, AgreesWithOpenSsl) {
  const auto ours = pair(kOurs), theirs = pair(kTheirs), another = pair(kOurs);
  EXPECT_EQ(provider_of(ours.get()), "fairlead");
  EXPECT_NE(encoded(ours.get()), encoded(another.get()));
  const Bytes agreed = shared(kOurs, ours.get(), encoded(theirs.get()));
  EXPECT_EQ(agreed.size(), 32u);
  EXPECT_EQ(agreed, shared(kTheirs, theirs.get(), encoded(ours.get())));
  // A key of OpenSSL's serves where ours is only preferred.
  EXPECT_EQ(agreed, shared("?provider=fairlead", theirs.get(), encoded(ours.get())));
  EXPECT_EQ(EVP_PKEY_get_bits(ours.get()), EVP_PKEY_get_bits(theirs.get()));
  EXPECT_EQ(EVP_PKEY_get_security_bits(ours.get()), EVP_PKEY_get_security_bits(theirs.get()));
  EXPECT_EQ(EVP_PKEY_get_size(ours.get()), EVP_PKEY_get_size(theirs.get()));
  // Whoever does not ask for ours does not get it.
  EXPECT_EQ(provider_of(pair(nullptr).get()), "default");
}

TEST_F(X25519Test, RefusesKeysThatAreNone) {
  EXPECT_EQ(peer(kOurs, Bytes(31, 9)), nullptr);
  EXPECT_EQ(peer(kOurs, Bytes(33, 9)), nullptr);
  EXPECT_EQ(peer(kOurs, {}), nullptr);
  EXPECT_EQ(pair_of("0102"), nullptr);
  const auto ours = pair(kOurs);
  // Every point of low order: 0, 1, the two of order 8, -1, and 0 and 1 again beyond the prime.
  for (const char* public_key : {"0000000000000000000000000000000000000000000000000000000000000000",
                                 "0100000000000000000000000000000000000000000000000000000000000000",
                                 "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                 "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                                 "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                 "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                 "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
    EXPECT_EQ(shared(kOurs, ours.get(), from_hex(public_key)), Bytes()) << public_key;
}

// ---- in handshakes, where the other side is OpenSSL's own or ours as well

class X25519HandshakeTest : public ::testing::Test {
 protected:
  struct Side {
    bool is_ours;
    std::vector<std::string> curves;
  };

  Owned<SSL_CTX> context(const Side& side, Version version, const SSL_METHOD* method) {
    Owned<SSL_CTX> made = side.is_ours ? new_context(method) : Owned<SSL_CTX>(SSL_CTX_new(method));
    EXPECT_TRUE(apply(made.get(), {.min_version = version, .max_version = version, .curves = side.curves}));
    SSL_CTX_use_certificate(made.get(), sk_X509_value(certificate_->get(), 0));
    SSL_CTX_use_PrivateKey(made.get(), key_->get());
    return made;
  }
  // The group; then who made the keys that are still there, which TLS 1.2's server has done away with.
  std::string agreed(const Side& client, const Side& server, Version version) {
    const auto clients = context(client, version, TLS_client_method());
    const auto servers = context(server, version, TLS_server_method());
    const Owned<SSL> from(SSL_new(clients.get())), to(SSL_new(servers.get()));
    BIO *left = nullptr, *right = nullptr;
    BIO_new_bio_pair(&left, 0, &right, 0);
    SSL_set_bio(from.get(), left, left);
    SSL_set_bio(to.get(), right, right);
    SSL_set_connect_state(from.get());
    SSL_set_accept_state(to.get());
    for (int turn = 0; turn < 4; ++turn) {
      SSL_do_handshake(from.get());
      SSL_do_handshake(to.get());
    }
    if (SSL_is_init_finished(from.get()) == 0 || SSL_is_init_finished(to.get()) == 0) return take_error();
    std::string out(SSL_group_to_name(from.get(), static_cast<int>(SSL_get_negotiated_group(from.get()))));
    for (SSL* session : {from.get(), to.get()})
      if (EVP_PKEY* used = nullptr; SSL_get_peer_tmp_key(session, &used) == 1)
        out += " " + provider_of(Owned<EVP_PKEY>(used).get());
    return out;
  }

 private:
  const testing::Issued issued_ = testing::Authority().issue({.common_name = "test", .sans = "", .key = "ED25519"});
  const Result<Owned<STACK_OF(X509)>> certificate_ = parse_certificates(issued_.certificate_pem);
  const Result<Owned<EVP_PKEY>> key_ = parse_private_key(issued_.key_pem);
};

TEST_F(X25519HandshakeTest, EitherSideIsServed) {
  struct Case {
    std::vector<std::string> client, server;
    const char* group;
  };
  const std::string x25519 = "X25519", p256 = "CurveP256";
  for (const Case& c : {Case{{x25519}, {x25519}, "x25519"}, Case{{x25519}, {}, "x25519"}, Case{{}, {x25519}, "x25519"},
                        Case{{p256}, {}, "secp256r1"},
                        // In TLS 1.3 the client's first share is of no use, and it is asked for another.
                        Case{{x25519, p256}, {p256}, "secp256r1"}, Case{{p256, x25519}, {x25519}, "x25519"}})
    for (const auto [client, server] : {std::pair(true, true), {true, false}, {false, true}}) {
      const auto maker = [&](bool is_ours) {
        return is_ours && std::string_view(c.group) == "x25519" ? " fairlead" : " default";
      };
      EXPECT_EQ(agreed({client, c.client}, {server, c.server}, Version::tls12), c.group + std::string(maker(client)));
      EXPECT_EQ(agreed({client, c.client}, {server, c.server}, Version::tls13),
                c.group + std::string(maker(client)) + maker(server));
    }
  EXPECT_TRUE(agreed({true, {x25519}}, {true, {p256}}, Version::tls13).ends_with("alert handshake failure"));
}

}  // namespace
}  // namespace fl::tls::openssl
