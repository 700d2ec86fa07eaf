#include "tls/client_context.h"

#include <fmt/format.h>

#include "base/check.h"
#include "tls/openssl/handles.h"
#include "tls/openssl/protocol.h"

namespace fl::tls {

Result<std::shared_ptr<const ClientContext>> ClientContext::create(const ClientOptions& options) {
  openssl::Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  FL_CHECK(context != nullptr);
  FL_TRY_VOID(openssl::apply(context.get(), {}));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const bool loaded = options.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get()) == 1
                                              : SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) == 1;
  if (!loaded) {
    const std::string reason = openssl::take_error();
    return fail(Code::invalid, options.ca_file.empty()
                                   ? fmt::format("cannot load the system's CA certificates: {}", reason)
                                   : fmt::format("cannot read CA certificates from {}: {}", options.ca_file, reason));
  }
  return std::shared_ptr<const ClientContext>(new ClientContext(context.release()));
}

ClientContext::~ClientContext() { SSL_CTX_free(context_); }

}  // namespace fl::tls
