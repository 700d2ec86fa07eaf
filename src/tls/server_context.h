// What TLS connections that we accept have in common: one set of options and the certificates to choose from by the
// server name in the client's hello. Immutable, shared by all workers; costs a handshake two hash look-ups.
#pragma once

#include <memory>

#include "base/result.h"
#include "tls/certificate_store.h"
#include "tls/options.h"
#include "tls/ticket_keys.h"

struct ssl_ctx_st;

namespace fl::tls {

class ServerContext {
 public:
  // Errors: unknown cipher suite or curve, no certificates among the authorities, authorities that are needed and not
  // there, a key-log file that cannot be written.
  static Result<std::shared_ptr<const ServerContext>> create(const ServerOptions& options,
                                                             std::shared_ptr<const CertificateStore> certificates,
                                                             std::shared_ptr<const TicketKeys> ticket_keys);
  // The same options with other certificates.
  std::shared_ptr<const ServerContext> with(std::shared_ptr<const CertificateStore> certificates) const;

  const ServerOptions& options() const { return *options_; }
  const CertificateStore& certificates() const { return *certificates_; }

  // For tls/ only.
  ssl_ctx_st* get() const { return context_.get(); }

 private:
  ServerContext() = default;

  std::shared_ptr<const ServerOptions> options_;
  std::shared_ptr<ssl_ctx_st> context_;
  std::shared_ptr<const CertificateStore> certificates_;
};

}  // namespace fl::tls
