#include "tls/openssl/certificate_parts.h"

#include <gtest/gtest.h>

namespace fl::tls::openssl {
namespace {

// Its own issuer; made with "openssl ca".
constexpr std::string_view kPem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIDLDCCAtKgAwIBAgIRAQAAAAAAAAAAAAAAAAAAAAAwCgYIKoZIzj0EAwIwgdIx\n"
    "EzARBgoJkiaJk/IsZAEZFgNvcmcxFjAUBgoJkiaJk/IsZAEZFgZjaGVlc2UxCzAJ\n"
    "BgNVBAYTAkZSMQ4wDAYDVQQIDAVTb21tZTEPMA0GA1UEBwwGQW1pZW5zMRkwFwYD\n"
    "VQQKDBBGcm9tYWdlcmllIMOJbGFuMQ0wCwYDVQQLDARCcmllMQ4wDAYDVQQLDAVH\n"
    "b3VkYTEMMAoGA1UEBRMDMDA3MRowGAYDVQQDDBFjbGllbnQuY2hlZXNlLm9yZzER\n"
    "MA8GA1UEDAwIQWZmaW5ldXIwIBcNMTgxMjA2MTExMDE2WhgPOTk5OTEyMzEyMzU5\n"
    "NTlaMIHSMRMwEQYKCZImiZPyLGQBGRYDb3JnMRYwFAYKCZImiZPyLGQBGRYGY2hl\n"
    "ZXNlMQswCQYDVQQGEwJGUjEOMAwGA1UECAwFU29tbWUxDzANBgNVBAcMBkFtaWVu\n"
    "czEZMBcGA1UECgwQRnJvbWFnZXJpZSDDiWxhbjENMAsGA1UECwwEQnJpZTEOMAwG\n"
    "A1UECwwFR291ZGExDDAKBgNVBAUTAzAwNzEaMBgGA1UEAwwRY2xpZW50LmNoZWVz\n"
    "ZS5vcmcxETAPBgNVBAwMCEFmZmluZXVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n"
    "QgAEUk+kBvLn30F2Ag+zJQDt5qx6D/gBJ0BzKHVY12gKJBuEsZW1tkgp3I1qw4L4\n"
    "l2gCJYYXjAIgG76yZHLMgqg58aOBhDCBgTBgBgNVHREEWTBXhgp1cm46Y2hlZXNl\n"
    "hwQKAAECgQxhQGNoZWVzZS5vcmeCEWNsaWVudC5jaGVlc2Uub3JnhxAgAQ24AAAA\n"
    "AAAAAAAAAAABggwqLmNoZWVzZS5vcmeIAioDMB0GA1UdDgQWBBQOwDLUsQmT5MJs\n"
    "woI3Yvmmu8QBFzAKBggqhkjOPQQDAgNIADBFAiEA2tImZ2Dg+7wF6H1A8K8+OIfc\n"
    "7om85XtLtElr/Zh2aboCIH16nJkzf0/ro+uBEvLCVPHldGP5FxrJgk2JiuUKLgjB\n"
    "-----END CERTIFICATE-----\n";

TEST(CertificateParts, WhatMiddlewaresPassOn) {
  using Part = DistinguishedName::Part;
  const auto chain = parse_certificates(kPem);
  ASSERT_TRUE(chain) << chain.error().message;
  const PeerCertificate peer = read_peer_certificate(sk_X509_value(chain->get(), 0));
  const decltype(peer.subject.parts) name = {{Part::domain_component, "org"},
                                             {Part::domain_component, "cheese"},
                                             {Part::country, "FR"},
                                             {Part::province, "Somme"},
                                             {Part::locality, "Amiens"},
                                             {Part::organization, "Fromagerie Élan"},
                                             {Part::organizational_unit, "Brie"},
                                             {Part::organizational_unit, "Gouda"},
                                             {Part::serial_number, "007"},
                                             {Part::common_name, "client.cheese.org"}};
  EXPECT_EQ(peer.subject.parts, name) << "its title is none of Traefik's";
  EXPECT_EQ(peer.issuer.parts, name);
  EXPECT_EQ(peer.serial, "340282366920938463463374607431768211456");
  EXPECT_EQ(peer.not_before, 1544094616);
  EXPECT_EQ(peer.not_after, 253402300799);
  EXPECT_EQ(peer.sans, (std::vector<std::string>{"client.cheese.org", "*.cheese.org", "a@cheese.org", "10.0.1.2",
                                                 "2001:db8::1", "urn:cheese"}));
  EXPECT_EQ(distinguished_name(X509_get_subject_name(sk_X509_value(chain->get(), 0))),
            "SERIALNUMBER=007,CN=client.cheese.org,ST=Somme,L=Amiens,OU=Brie+OU=Gouda,O=Fromagerie Élan,C=FR,"
            "2.5.4.12=#1308416666696e657572,0.9.2342.19200300.100.1.25=#1306636865657365,"
            "0.9.2342.19200300.100.1.25=#13036f7267");
  std::string armour = "-----BEGIN CERTIFICATE-----\n";
  for (size_t at = 0; at < peer.base64.size(); at += 64) armour += peer.base64.substr(at, 64) + '\n';
  EXPECT_EQ(armour + "-----END CERTIFICATE-----\n", kPem);
}

TEST(CertificateParts, NamesAreWrittenAsGoWritesThem) {
  const struct {
    std::vector<std::pair<const char*, const char*>> parts;
    std::string_view written;
  } cases[] = {
      {{}, ""},
      {{{"C", "FR"}, {"ST", "Paris"}, {"L", "Ville, une"}, {"O", "An \"org\""}, {"OU", "a"}, {"CN", "x"}},
       R"(CN=x,ST=Paris,L=Ville\, une,OU=a,O=An \"org\",C=FR)"},
      {{{"CN", "first"}, {"CN", "last"}}, "CN=last"},
      {{{"CN", " a b "}}, R"(CN=\ a b\ )"},
      {{{"CN", "#1"}, {"O", "1#"}}, R"(CN=\#1,O=1#)"},
      {{{"CN", "x"}, {"emailAddress", "a@b.test"}}, "CN=x,1.2.840.113549.1.9.1=#0c086140622e74657374"},
  };
  for (const auto& c : cases) {
    const Owned<X509_NAME> name(X509_NAME_new());
    for (const auto& [type, value] : c.parts)
      X509_NAME_add_entry_by_txt(name.get(), type, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value), -1, -1,
                                 0);
    EXPECT_EQ(distinguished_name(name.get()), c.written);
  }
}

}  // namespace
}  // namespace fl::tls::openssl
