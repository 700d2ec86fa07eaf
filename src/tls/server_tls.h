// Everything the dynamic configuration says about TLS that we terminate: a context for each set of options, all with
// the same certificates. Part of a snapshot: immutable, shared by all workers. proxy/build/tls_builder.h makes it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tls/server_context.h"

namespace fl::tls {

struct ServerTls {
  std::shared_ptr<const CertificateStore> certificates;
  // By the name of the options: "default", "modern@file". Sets with a mistake in them are not here.
  std::map<std::string, std::shared_ptr<const ServerContext>, std::less<>> contexts;

  // Null for a set that is not there: a handshake that would need it is refused, for its own options may be stricter
  // than any others.
  std::shared_ptr<const ServerContext> context(std::string_view options) const {
    const auto found = contexts.find(options);
    return found == contexts.end() ? nullptr : found->second;
  }
};

}  // namespace fl::tls
