#include "proxy/middleware/pass_tls_client_cert.h"

#include "proxy/middleware/exchange_for_test.h"

namespace fl::proxy::middleware {
namespace {

using Part = tls::DistinguishedName::Part;
using config::dynamic::PassTlsClientCert;
using config::dynamic::TlsClientCertInfo;

const tls::PeerCertificate kClient{
    .base64 = "Q0xJRU5U",
    .subject = {.parts = {{Part::common_name, "old"},
                          {Part::country, "FR"},
                          {Part::domain_component, "org"},
                          {Part::domain_component, "cheese"},
                          {Part::organization, "Cheese & Co"},
                          {Part::organizational_unit, "Brie"},
                          {Part::organizational_unit, "Gouda"},
                          {Part::locality, ""},
                          {Part::serial_number, "007"},
                          {Part::common_name, "*.cheese.org"}}},
    .issuer = {.parts = {{Part::common_name, "Simple CA"}, {Part::organizational_unit, "Roots"}}},
    .serial = "340282366920938463463374607431768211456",
    .not_before = 1544094616,
    .not_after = 253402300799,
    .sans = {"*.cheese.org", "cheese@cheese.org", "10.0.1.2", "urn:cheese"}};
const tls::PeerCertificate kAuthority{.base64 = "Q0E=", .subject = {}, .issuer = {}, .serial = "1", .sans = {}};

// The two fields as the next handler gets them.
std::pair<std::string, std::string> passed(const PassTlsClientCert& options,
                                           std::vector<tls::PeerCertificate> certificates, const Fields& came = {}) {
  const tls::Negotiated agreed{.peer_certificates = std::move(certificates)};
  ExchangeForTest x("/", came);
  x.info.negotiated = &agreed;
  run(*make_pass_tls_client_cert(options, std::make_shared<NextForTest>()), x);
  return {joined(x.request.headers, "X-Forwarded-Tls-Client-Cert"),
          joined(x.request.headers, "X-Forwarded-Tls-Client-Cert-Info")};
}
std::string info(const TlsClientCertInfo& options, std::vector<tls::PeerCertificate> certificates = {kClient}) {
  return passed({.info = options}, std::move(certificates)).second;
}

TEST(PassTlsClientCert, TheCertificateItself) {
  const Fields forged = {{"x-forwarded-tls-client-cert", "forged"}, {"X-Forwarded-Tls-Client-Cert", "too"}};
  EXPECT_EQ(passed({.pem = true}, {kClient}, forged).first, "Q0xJRU5U");
  EXPECT_EQ(passed({.pem = true}, {kClient, kAuthority, kAuthority}).first, "Q0xJRU5U,Q0E=,Q0E=");
  EXPECT_EQ(passed({.pem = true}, {kClient}).second, "(none)");
  EXPECT_EQ(passed({.pem = false}, {kClient}), (std::pair<std::string, std::string>("(none)", "(none)")));
}

TEST(PassTlsClientCert, WithoutACertificateTheRequestStaysAsItIs) {
  const PassTlsClientCert both{.pem = true, .info = TlsClientCertInfo{.sans = true}};
  EXPECT_EQ(passed(both, {}), (std::pair<std::string, std::string>("(none)", "(none)")));
  EXPECT_EQ(passed(both, {}, {{"X-Forwarded-Tls-Client-Cert", "of a trusted proxy"}}).first, "of a trusted proxy");
  ExchangeForTest plain;
  run(*make_pass_tls_client_cert(both, std::make_shared<NextForTest>()), plain);
  EXPECT_EQ(plain.request.headers.size(), 0U);
}

TEST(PassTlsClientCert, WhatIsAskedForOfIt) {
  EXPECT_EQ(info({.serial_number = true}), "SerialNumber%3D%22340282366920938463463374607431768211456%22");
  EXPECT_EQ(info({.not_before = true}), "NB%3D%221544094616%22");
  EXPECT_EQ(info({.not_after = true}), "NA%3D%22253402300799%22");
  EXPECT_EQ(info({.sans = true}), "SAN%3D%22%2A.cheese.org%2Ccheese%40cheese.org%2C10.0.1.2%2Curn%3Acheese%22");
  EXPECT_EQ(info({.sans = true}, {kAuthority}), "") << "a field without a value is left out, the header is not";
  EXPECT_EQ(info({.subject = {{.domain_component = true}}}), "Subject%3D%22DC%3Dorg%2CDC%3Dcheese%22");
  EXPECT_EQ(info({.subject = {{.common_name = true}}}), "Subject%3D%22CN%3D%2A.cheese.org%22") << "the last one";
  EXPECT_EQ(info({.subject = {{.locality = true}}}), "") << "empty";
  EXPECT_EQ(info({.subject = {{.country = true,
                               .province = true,
                               .locality = true,
                               .organization = true,
                               .organizational_unit = true,
                               .common_name = true,
                               .serial_number = true,
                               .domain_component = true}},
                  .issuer = {{.country = true, .common_name = true}}}),
            "Subject%3D%22DC%3Dorg%2CDC%3Dcheese%2CC%3DFR%2CO%3DCheese+%26+Co%2COU%3DBrie%2COU%3DGouda%2CSN%3D007"
            "%2CCN%3D%2A.cheese.org%22%3BIssuer%3D%22CN%3DSimple+CA%22");
  EXPECT_EQ(info({.not_before = true, .serial_number = true}, {kClient, kAuthority}),
            "SerialNumber%3D%22340282366920938463463374607431768211456%22%3BNB%3D%221544094616%22"
            "%2CSerialNumber%3D%221%22%3BNB%3D%220%22");
}

}  // namespace
}  // namespace fl::proxy::middleware
