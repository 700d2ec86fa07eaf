#include "config/dynamic/tls.h"

#include "config/schema.h"

namespace fl::config::dynamic {

void describe(Fields<TlsCertificate>& f) {
  f("certFile", &TlsCertificate::cert_file, "certificate and its chain, a file or PEM text");
  f("keyFile", &TlsCertificate::key_file, "its key, a file or PEM text");
  f("stores", &TlsCertificate::stores, "stores it is put in; empty: default");
}

void describe(Fields<ClientAuth>& f) {
  f("caFiles", &ClientAuth::ca_files, "authorities of client certificates, files or PEM text");
  f("clientAuthType", &ClientAuth::client_auth_type,
    "NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert");
}

void describe(Fields<TlsOptions>& f) {
  f("minVersion", &TlsOptions::min_version, "lowest version, VersionTLS10 to VersionTLS13; empty: VersionTLS12");
  f("maxVersion", &TlsOptions::max_version, "highest version");
  f("cipherSuites", &TlsOptions::cipher_suites, "cipher suites, IANA names");
  f("curvePreferences", &TlsOptions::curve_preferences, "curves: X25519, CurveP256 and so on");
  f("clientAuth", &TlsOptions::client_auth, "client certificates");
  f("sniStrict", &TlsOptions::sni_strict, "no certificate for names that have none of their own");
  f("alpnProtocols", &TlsOptions::alpn_protocols, "protocols to offer");
  f("disableSessionTickets", &TlsOptions::disable_session_tickets, "no session tickets");
  f("preferServerCipherSuites", &TlsOptions::prefer_server_cipher_suites, "deprecated");
}

void describe(Fields<GeneratedCert>& f) {
  f("resolver", &GeneratedCert::resolver, "name of the certificates resolver");
  f("domain", &GeneratedCert::domain, "names of the certificate");
}

void describe(Fields<TlsStore>& f) {
  f("defaultCertificate", &TlsStore::default_certificate, "certificate for names that have none", kNoLabel);
  f("defaultGeneratedCert", &TlsStore::default_generated_cert, "the same, got from a resolver");
}

}  // namespace fl::config::dynamic
