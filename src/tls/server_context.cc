#include "tls/server_context.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <cstring>

#include "base/check.h"
#include "base/crypto.h"
#include "base/strings.h"
#include "tls/openssl/handles.h"
#include "tls/openssl/key_log.h"
#include "tls/openssl/protocol.h"
#include "tls/openssl/provider.h"
#include "tls/openssl/session.h"

namespace fl::tls {
namespace {

using openssl::Owned;

// What the callbacks of a context need of it lives as long as OpenSSL's object, which connections hold on to.
struct Attached {
  std::shared_ptr<const ServerOptions> options;
  std::shared_ptr<const TicketKeys> ticket_keys;
};

int attached_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* attached, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Attached*>(attached); });
  return index;
}
const Attached& attached(SSL* session) {
  return *static_cast<const Attached*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), attached_index()));
}

// A client that names no server may mean the address it came to.
std::string local_address(SSL* session) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const int fd = openssl::accepting(session) != nullptr ? openssl::accepting(session)->fd : -1;
  if (fd < 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
  if (storage.ss_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, text, sizeof text);
  const std::string_view mapped = "::ffff:";
  return std::string_view(text).starts_with(mapped) && std::strchr(text, '.') != nullptr ? text + mapped.size() : text;
}

const CertificateStore::Choice* choice_for(SSL* session, const CertificateStore& certificates) {
  const std::string name = openssl::server_name(session);
  return certificates.find(name.empty() ? local_address(session) : name);
}

// Once a hello, resumed or not.
int on_server_name(SSL* session, int* alert, void*) {
  const openssl::Accepting* accepting = openssl::accepting(session);
  if (accepting == nullptr) return SSL_TLSEXT_ERR_NOACK;
  if (attached(session).options->sni_strict && choice_for(session, *accepting->certificates) == nullptr) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  return SSL_TLSEXT_ERR_OK;
}

bool use(SSL* session, const Certificate& certificate) {
  return SSL_use_cert_and_key(session, certificate.leaf(), certificate.key(), certificate.chain(), 1) == 1;
}

// Puts every certificate of the name at the session's disposal; OpenSSL takes the one whose signature the client can
// check.
int on_certificate_wanted(SSL* session, void*) {
  const openssl::Accepting* accepting = openssl::accepting(session);
  if (accepting == nullptr) return 0;
  const CertificateStore& certificates = *accepting->certificates;
  bool any = false;
  if (const auto* choice = choice_for(session, certificates); choice != nullptr) {
    for (const auto& certificate : *choice)
      if (certificate != nullptr) any = use(session, *certificate) || any;
  } else if (certificates.default_certificate() != nullptr) {
    any = use(session, *certificates.default_certificate());
  }
  return any ? 1 : 0;
}

int on_status_wanted(SSL* session, void*) {
  const X509* leaf = SSL_get_certificate(session);
  const Certificate* certificate = leaf == nullptr ? nullptr : Certificate::of(leaf);
  const auto staple = certificate == nullptr ? nullptr : certificate->staple();
  if (staple == nullptr) return SSL_TLSEXT_ERR_NOACK;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(staple->data(), staple->size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(session, copy, static_cast<long>(staple->size()));
  return SSL_TLSEXT_ERR_OK;
}

// Our preference decides. As Go: no protocol in common ends the handshake, but a client that speaks only HTTP/1.1
// where only h2 is offered is served as one without ALPN.
int on_alpn(SSL* session, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
            unsigned int in_size, void*) {
  const std::string_view offered(reinterpret_cast<const char*>(in), in_size);
  const auto find = [offered](std::string_view protocol) -> const char* {
    for (size_t at = 0; at < offered.size(); at += 1 + static_cast<unsigned char>(offered[at]))
      if (offered.substr(at + 1, static_cast<unsigned char>(offered[at])) == protocol) return offered.data() + at + 1;
    return nullptr;
  };
  const std::vector<std::string>& ours = attached(session).options->alpn;
  if (ours.empty()) return SSL_TLSEXT_ERR_NOACK;
  bool fallback = false;
  for (const std::string& protocol : ours) {
    if (const char* found = find(protocol); found != nullptr) {
      *out = reinterpret_cast<const unsigned char*>(found);
      *out_size = static_cast<unsigned char>(protocol.size());
      return SSL_TLSEXT_ERR_OK;
    }
    fallback = fallback || (protocol == "h2" && find("http/1.1") != nullptr);
  }
  return fallback ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// OpenSSL's protocol: 0 no such key, 1 fine, 2 fine and to be renewed, negative on failure.
int on_ticket_key(SSL* session, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                  int sealing) {
  static EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  const auto keys = attached(session).ticket_keys->current();
  const TicketKeys::Key* key = &keys->front();
  if (sealing == 1) {
    std::memcpy(name, key->name.data(), key->name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes)) != 1) return -1;
  } else {
    const auto is_it = [name](const TicketKeys::Key& k) {
      return std::memcmp(name, k.name.data(), k.name.size()) == 0;
    };
    const auto found = std::ranges::find_if(*keys, is_it);
    if (found == keys->end()) return 0;
    key = &*found;
  }
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<uint8_t*>(key->mac.data()), key->mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("SHA256"), 0),
      OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return -1;
  if (EVP_CipherInit_ex(cipher, aes, nullptr, key->cipher.data(), iv, sealing) != 1) return -1;
  // Clients of TLS 1.3 use a ticket once (RFC 8446 C.4), so each gets another.
  const bool renews = SSL_version(session) == TLS1_3_VERSION || key != &keys->front();
  return sealing == 0 && renews ? 2 : 1;
}

Result<> ask_for_client_certificates(SSL_CTX* context, const ServerOptions& options) {
  if (options.client_auth == ClientAuth::none) return {};
  const bool is_needed =
      options.client_auth == ClientAuth::require_any || options.client_auth == ClientAuth::require_and_verify;
  const bool is_checked =
      options.client_auth == ClientAuth::verify_if_given || options.client_auth == ClientAuth::require_and_verify;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (is_needed ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  if (!is_checked) SSL_CTX_set_cert_verify_callback(context, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  if (options.client_ca_pem.empty()) {
    if (is_checked) return fail(Code::invalid, "caFiles is required to verify client certificates");
    return {};
  }
  FL_TRY(const Owned<STACK_OF(X509)> authorities, openssl::parse_certificates(options.client_ca_pem));
  for (int i = 0; i < sk_X509_num(authorities.get()); ++i) {
    X509* authority = sk_X509_value(authorities.get(), i);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
    SSL_CTX_add_client_CA(context, authority);
  }
  ERR_clear_error();
  return {};
}

void set_up_resumption(SSL_CTX* context, const ServerOptions& options) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // what is needed is in the client's ticket
  // A session is resumed only where the same rules for clients hold.
  const auto id = sha256(fmt::format("{} {}", static_cast<int>(options.client_auth), options.client_ca_pem));
  FL_CHECK(SSL_CTX_set_session_id_context(context, id.data(), static_cast<unsigned>(id.size())) == 1);
  if (!options.session_tickets) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    FL_CHECK(SSL_CTX_set_num_tickets(context, 0) == 1);
    return;
  }
  SSL_CTX_set_timeout(context, std::chrono::duration_cast<std::chrono::seconds>(TicketKeys::kTicketLifetime).count());
  FL_CHECK(SSL_CTX_set_num_tickets(context, 1) == 1);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket_key);
}

}  // namespace

Result<std::shared_ptr<const ServerContext>> ServerContext::create(const ServerOptions& options,
                                                                   std::shared_ptr<const CertificateStore> certificates,
                                                                   std::shared_ptr<const TicketKeys> ticket_keys) {
  Owned<SSL_CTX> context = openssl::new_context(TLS_server_method());
  FL_CHECK(context != nullptr);
  FL_TRY_VOID(openssl::apply(context.get(), options.protocol));
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  FL_TRY_VOID(ask_for_client_certificates(context.get(), options));
  FL_TRY_VOID(openssl::log_keys_to(context.get(), options.key_log_file));
  set_up_resumption(context.get(), options);
  SSL_CTX_set_tlsext_servername_callback(context.get(), on_server_name);
  SSL_CTX_set_cert_cb(context.get(), on_certificate_wanted, nullptr);
  SSL_CTX_set_tlsext_status_cb(context.get(), on_status_wanted);
  SSL_CTX_set_alpn_select_cb(context.get(), on_alpn, nullptr);

  std::shared_ptr<ServerContext> made(new ServerContext);
  made->options_ = std::make_shared<const ServerOptions>(options);
  SSL_CTX_set_ex_data(context.get(), attached_index(), new Attached{made->options_, std::move(ticket_keys)});
  made->context_ = {context.release(), SSL_CTX_free};
  made->certificates_ = std::move(certificates);
  return made;
}

std::shared_ptr<const ServerContext> ServerContext::with(std::shared_ptr<const CertificateStore> certificates) const {
  std::shared_ptr<ServerContext> made(new ServerContext(*this));
  made->certificates_ = std::move(certificates);
  return made;
}

}  // namespace fl::tls
