// What our side of TLS connections to servers has in common: trusted roots and protocol versions (1.2 and later).
// Immutable; made once, usable by every loop.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace fl::tls {

struct ClientOptions {
  std::string ca_file;  // PEM; the only roots that are trusted. Empty: the system's.
};

class ClientContext {
 public:
  // Errors: the CA file cannot be read or has no certificate.
  static Result<std::shared_ptr<const ClientContext>> create(const ClientOptions& options);

  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  ssl_ctx_st* get() const { return context_; }

 private:
  explicit ClientContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace fl::tls
