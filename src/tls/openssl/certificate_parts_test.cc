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
  std::string armour = "-----BEGIN CERTIFICATE-----\n";
  for (size_t at = 0; at < peer.base64.size(); at += 64) armour += peer.base64.substr(at, 64) + '\n';
  EXPECT_EQ(armour + "-----END CERTIFICATE-----\n", kPem);
}

}  // namespace
}  // namespace fl::tls::openssl
