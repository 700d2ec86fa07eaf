#include "tls/openssl/certificate_parts.h"

#include <arpa/inet.h>
#include <openssl/err.h>

#include <algorithm>
#include <ctime>

#include "base/check.h"
#include "base/crypto.h"
#include "base/strings.h"

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

struct Written {
  int nid;
  std::string_view word;
  bool is_single = false;  // of several the last counts
};
constexpr Written kWritten[] = {
    {NID_serialNumber, "SERIALNUMBER", true},
    {NID_commonName, "CN", true},
    {NID_postalCode, "POSTALCODE"},
    {NID_streetAddress, "STREET"},
    {NID_stateOrProvinceName, "ST"},
    {NID_localityName, "L"},
    {NID_organizationalUnitName, "OU"},
    {NID_organizationName, "O"},
    {NID_countryName, "C"},
};

// RFC 2253 2.4.
std::string escaped(std::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    const bool is_edge = i == 0 || i + 1 == value.size();
    if (std::string_view(",+\"\\<>;").contains(value[i]) || (value[i] == ' ' && is_edge) || (value[i] == '#' && i == 0))
      out += '\\';
    out += value[i];
  }
  return out;
}

// An attribute that has no word: "2.5.4.12=#" and its value in DER, as Go encodes text again.
std::string by_number(const X509_NAME* name, int at) {
  const auto is_printable = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" '()+,-./:=?").contains(c);
  };
  const std::string value = value_of(name, at);
  const Owned<ASN1_STRING> text(
      ASN1_STRING_type_new(std::ranges::all_of(value, is_printable) ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING));
  FL_CHECK(text != nullptr && ASN1_STRING_set(text.get(), value.data(), static_cast<int>(value.size())) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_PRINTABLE(text.get(), &der);
  FL_CHECK(size > 0);
  const Owned<unsigned char> owner(der);
  char number[80];
  OBJ_obj2txt(number, sizeof number, X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, at)), 1);
  return std::string(number) + "=#" + hex({der, static_cast<size_t>(size)});
}

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

std::string distinguished_name(const X509_NAME* name) {
  std::vector<std::string> parts;
  for (const Written& attribute : kWritten) {
    std::string part;
    for (int at = -1; (at = X509_NAME_get_index_by_NID(name, attribute.nid, at)) >= 0;) {
      std::string one = std::string(attribute.word) + '=' + escaped(value_of(name, at));
      part = part.empty() || attribute.is_single ? std::move(one) : part + '+' + one;
    }
    if (!part.empty()) parts.push_back(std::move(part));
  }
  for (int at = X509_NAME_entry_count(name); at-- > 0;) {
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, at)));
    if (std::ranges::find(kWritten, nid, &Written::nid) == std::end(kWritten)) parts.push_back(by_number(name, at));
  }
  return join(parts, ",");
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
