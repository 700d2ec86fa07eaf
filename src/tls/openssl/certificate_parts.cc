#include "tls/openssl/certificate_parts.h"

#include <arpa/inet.h>
#include <openssl/err.h>

#include <algorithm>
#include <ctime>

#include "base/crypto.h"

namespace fl::tls::openssl {
namespace {

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

std::string value_of(const X509_NAME* name, int at) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  const Owned<unsigned char> owner(utf8);
  return size < 0 ? std::string() : std::string(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
}

constexpr std::pair<int, DistinguishedName::Part> kParts[] = {
    {NID_domainComponent, DistinguishedName::Part::domain_component},
    {NID_countryName, DistinguishedName::Part::country},
    {NID_stateOrProvinceName, DistinguishedName::Part::province},
    {NID_localityName, DistinguishedName::Part::locality},
    {NID_organizationName, DistinguishedName::Part::organization},
    {NID_organizationalUnitName, DistinguishedName::Part::organizational_unit},
    {NID_serialNumber, DistinguishedName::Part::serial_number},
    {NID_commonName, DistinguishedName::Part::common_name},
};

DistinguishedName read_name(const X509_NAME* name) {
  DistinguishedName out;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, i)));
    for (const auto& [known, part] : kParts)
      if (nid == known) out.parts.emplace_back(part, value_of(name, i));
  }
  return out;
}

}  // namespace

std::string attribute(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  return at < 0 ? std::string() : value_of(name, at);
}

AlternativeNames alternative_names(const X509* certificate) {
  AlternativeNames out;
  const Owned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();  // a certificate without any is none
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS: out.dns.push_back(text_of(name->d.dNSName)); break;
      case GEN_EMAIL: out.mails.push_back(text_of(name->d.rfc822Name)); break;
      case GEN_URI: out.uris.push_back(text_of(name->d.uniformResourceIdentifier)); break;
      case GEN_IPADD: {
        const std::string bytes = text_of(name->d.iPAddress);
        char text[INET6_ADDRSTRLEN];
        if (bytes.size() == 4 || bytes.size() == 16)
          out.addresses.emplace_back(
              ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text));
        break;
      }
      default: break;
    }
  }
  return out;
}

std::string serial_number(const X509* certificate) {
  const Owned<BIGNUM> serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  const Owned<char> decimal(serial ? BN_bn2dec(serial.get()) : nullptr);
  return decimal != nullptr ? decimal.get() : "";
}

int64_t unix_time(const ASN1_TIME* time) {
  tm utc{};
  return ASN1_TIME_to_tm(time, &utc) == 1 ? ::timegm(&utc) : 0;
}

WallTime time_of(const ASN1_TIME* time) {
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::max()).time_since_epoch().count();
  return WallTime(std::chrono::seconds(std::clamp<int64_t>(unix_time(time), -kLast, kLast)));
}

PeerCertificate read_peer_certificate(const X509* certificate) {
  AlternativeNames names = alternative_names(certificate);
  std::vector<std::string> sans = std::move(names.dns);
  for (auto* more : {&names.mails, &names.addresses, &names.uris})
    sans.insert(sans.end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
  return {.base64 = base64_encode(der(certificate)),
          .subject = read_name(X509_get_subject_name(certificate)),
          .issuer = read_name(X509_get_issuer_name(certificate)),
          .serial = serial_number(certificate),
          .not_before = unix_time(X509_get0_notBefore(certificate)),
          .not_after = unix_time(X509_get0_notAfter(certificate)),
          .sans = std::move(sans)};
}

}  // namespace fl::tls::openssl
