#include "tls/client_context.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include "base/check.h"
#include "tls/client_session.h"
#include "tls/openssl/handles.h"
#include "tls/openssl/protocol.h"
#include "tls/openssl/provider.h"

namespace fl::tls {
namespace {

using openssl::Owned;

// The system's roots, read once: that takes a while. Never freed.
Result<X509_STORE*> system_roots() {
  static X509_STORE* const store = []() -> X509_STORE* {
    Owned<X509_STORE> roots(X509_STORE_new());
    return X509_STORE_set_default_paths(roots.get()) == 1 ? roots.release() : nullptr;
  }();
  if (store == nullptr) return fail(Code::invalid, "cannot load the system's CA certificates");
  return store;
}

Result<> trust(SSL_CTX* context, const ClientOptions& options) {
  if (!options.ca_file.empty()) {
    if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1) return {};
    return fail(Code::invalid,
                fmt::format("cannot read CA certificates from {}: {}", options.ca_file, openssl::take_error()));
  }
  if (!options.ca_pem.empty()) {
    FL_TRY(const Owned<STACK_OF(X509)> roots, openssl::parse_certificates(options.ca_pem));
    for (int i = 0; i < sk_X509_num(roots.get()); ++i)
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), sk_X509_value(roots.get(), i));
    ERR_clear_error();
    return {};
  }
  FL_TRY(X509_STORE * roots, system_roots());
  SSL_CTX_set1_cert_store(context, roots);
  return {};
}

bool issued_by_one_of(const Certificate& certificate, const STACK_OF(X509_NAME) * authorities) {
  if (sk_X509_NAME_num(authorities) <= 0) return true;  // the server leaves it to us
  const auto is_accepted = [authorities](const X509* x) {
    for (int i = 0; i < sk_X509_NAME_num(authorities); ++i)
      if (X509_NAME_cmp(X509_get_issuer_name(x), sk_X509_NAME_value(authorities, i)) == 0) return true;
    return false;
  };
  bool accepted = is_accepted(certificate.leaf());
  for (int i = 0; i < sk_X509_num(certificate.chain()) && !accepted; ++i)
    accepted = is_accepted(sk_X509_value(certificate.chain(), i));
  return accepted;
}

// As Go: the first one from an authority the server accepts; without any, the server is told that there is none.
int on_certificate_wanted(SSL* session, void* options) {
  const STACK_OF(X509_NAME)* authorities = SSL_get0_peer_CA_list(session);
  for (const auto& certificate : static_cast<const ClientOptions*>(options)->certificates)
    if (issued_by_one_of(*certificate, authorities))
      return SSL_use_cert_and_key(session, certificate->leaf(), certificate->key(), certificate->chain(), 1);
  return 1;
}

// -> 1 when the session has found an owner
int on_new_session(SSL* session, SSL_SESSION* ticket) {
  auto* kept = static_cast<ClientSession*>(SSL_get_app_data(session));
  if (kept == nullptr) return 0;
  kept->keep(ticket);
  return 1;
}

std::string alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    FL_CHECK(!protocol.empty() && protocol.size() < 256);
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

}  // namespace

Result<std::shared_ptr<const ClientContext>> ClientContext::create(const ClientOptions& options) {
  Owned<SSL_CTX> context = openssl::new_context(TLS_client_method());
  FL_CHECK(context != nullptr);
  FL_TRY_VOID(openssl::apply(context.get(), options.protocol));
  if (options.verify || !options.peer_names.empty()) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    FL_TRY_VOID(trust(context.get(), options));
  }
  if (const std::string wire = alpn_wire(options.alpn); !wire.empty())
    FL_CHECK(SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                                     static_cast<unsigned>(wire.size())) == 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), on_new_session);
  std::shared_ptr<const ClientContext> made(new ClientContext(context.release(), options));
  if (!options.certificates.empty())
    SSL_CTX_set_cert_cb(made->context_, on_certificate_wanted, const_cast<ClientOptions*>(&made->options_));
  return made;
}

ClientContext::~ClientContext() { SSL_CTX_free(context_); }

}  // namespace fl::tls
