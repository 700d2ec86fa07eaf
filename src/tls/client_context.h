// What our side of TLS connections to servers has in common: trusted roots, what to demand of certificates, our own
// certificates, protocols. Immutable; usable by every loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tls/certificate.h"
#include "tls/options.h"

struct ssl_ctx_st;

namespace fl::tls {

// A name that a server's certificate must hold, beside its host name. Source: Traefik, peerCertSANs.
struct PeerName {
  enum class Kind : uint8_t { dns, uri };
  Kind kind = Kind::dns;
  std::string value;
  bool operator==(const PeerName&) const = default;
};

struct ClientOptions {
  std::string ca_file;  // PEM; the only roots that are trusted. Empty: ca_pem says
  std::string ca_pem;   // likewise, as text. Both empty: the system's roots
  ProtocolOptions protocol;
  bool verify = true;                // false: a certificate need not name the host, nor be trusted
  std::string server_name;           // asked for and checked instead of the host; empty: the host
  std::vector<PeerName> peer_names;  // the certificate must hold one of them, and be trusted even without `verify`
  std::vector<std::string> alpn;     // offered, in our order
  std::vector<std::shared_ptr<const Certificate>> certificates;  // the first that suits is shown to servers that ask
};

class ClientContext {
 public:
  // Errors: the roots cannot be read or there are none; unknown cipher suites or curves.
  static Result<std::shared_ptr<const ClientContext>> create(const ClientOptions& options);

  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  const ClientOptions& options() const { return options_; }
  ssl_ctx_st* get() const { return context_; }

 private:
  ClientContext(ssl_ctx_st* context, const ClientOptions& options) : context_(context), options_(options) {}
  ssl_ctx_st* context_;
  const ClientOptions options_;
};

}  // namespace fl::tls
