// tls.* of the dynamic configuration: certificates, options and stores. Plain data; defaults are the initialisers.
// Source: Traefik, TLS.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/domain.h"
#include "config/dynamic/http.h"
#include "config/fields.h"

namespace fl::config::dynamic {

struct TlsCertificate {
  std::string cert_file;  // a path, or PEM text
  std::string key_file;
  std::vector<std::string> stores;
  bool operator==(const TlsCertificate&) const = default;
};

struct ClientAuth {
  std::vector<std::string> ca_files;
  std::string client_auth_type;  // empty: RequireAndVerifyClientCert when there are caFiles
  bool operator==(const ClientAuth&) const = default;
};

struct TlsOptions {
  std::string min_version;  // VersionTLS10 to VersionTLS13; empty: VersionTLS12
  std::string max_version;
  std::vector<std::string> cipher_suites;
  std::vector<std::string> curve_preferences;
  ClientAuth client_auth;
  bool sni_strict = false;
  std::vector<std::string> alpn_protocols{"h2", "http/1.1", "acme-tls/1"};
  bool disable_session_tickets = false;
  std::optional<bool> prefer_server_cipher_suites;  // deprecated
  bool operator==(const TlsOptions&) const = default;
};

struct GeneratedCert {
  std::string resolver;
  std::optional<Domain> domain;
  bool operator==(const GeneratedCert&) const = default;
};

struct TlsStore {
  std::optional<KeyPair> default_certificate;
  std::optional<GeneratedCert> default_generated_cert;
  bool operator==(const TlsStore&) const = default;
};

void describe(Fields<TlsCertificate>& f);
void describe(Fields<ClientAuth>& f);
void describe(Fields<TlsOptions>& f);
void describe(Fields<GeneratedCert>& f);
void describe(Fields<TlsStore>& f);

}  // namespace fl::config::dynamic
