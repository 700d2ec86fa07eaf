// What a serversTransport says of TLS towards servers -> tls::ClientContext. Made when the first https:// server needs
// it, kept while neither the options nor the files they name change. Main thread. Source: Traefik, serversTransports.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "config/dynamic/http.h"
#include "config/dynamic/tcp.h"
#include "proxy/build/file_contents.h"
#include "tls/client_context.h"

namespace fl::proxy {

class ClientTlsBuilder {
 public:
  explicit ClientTlsBuilder(FileContents& files);
  ~ClientTlsBuilder();

  // A build begins: what it does not ask for is forgotten at the next one.
  void begin();

  struct Made {
    std::shared_ptr<const tls::ClientContext> context;
    std::string warning;  // its files went bad, it is still what they were before; empty: all is well
  };
  // Errors: a file cannot be read or is not what it should be, an option is wrong.
  Result<Made> get(const std::string& name, const config::dynamic::ServersTransport& options);
  // The same for TCP services: no protocol is offered, for it is the client's business which one is spoken. Names are
  // apart from those of the other kind.
  Result<Made> get_tcp(const std::string& name, const config::dynamic::TlsClientConfig& options);

  // The files asked for since begin().
  const std::set<std::string>& files() const { return paths_; }

 private:
  struct Built;
  FileContents::Identity look_at(const std::string& value);
  enum class Offers : uint8_t { http, nothing };  // by ALPN
  Result<Made> get(const std::string& name, const config::dynamic::ServersTransport& options, Offers offers);
  Result<tls::ClientOptions> read(const config::dynamic::ServersTransport& options, Offers offers) const;

  FileContents& files_;
  std::map<std::string, Built> before_, now_;
  std::set<std::string> paths_;
};

}  // namespace fl::proxy
