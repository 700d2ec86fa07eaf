// What a serversTransport says of TLS towards servers -> tls::ClientContext. Made when the first https:// server needs
// it, kept while neither the options nor the files they name change. Main thread. Source: Traefik, serversTransports.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "config/dynamic/http.h"
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

  // The files asked for since begin().
  const std::set<std::string>& files() const { return paths_; }

 private:
  struct Built;
  FileContents::Identity look_at(const std::string& value);
  Result<tls::ClientOptions> read(const config::dynamic::ServersTransport& options) const;

  FileContents& files_;
  std::map<std::string, Built> before_, now_;
  std::set<std::string> paths_;
};

}  // namespace fl::proxy
