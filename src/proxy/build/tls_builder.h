// tls.* of the dynamic configuration -> ServerTls. What is wrong is left out with its reason: a certificate alone, or a
// set of options, whose handshakes are then refused. Keeps what did not change, and a certificate whose files went bad
// as it was. Main thread. Source: Traefik, TLS.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/dynamic/configuration.h"
#include "config/dynamic/tls.h"
#include "config/issue.h"
#include "proxy/build/file_contents.h"
#include "proxy/runtime_report.h"
#include "tls/server_tls.h"

namespace fl::proxy {

struct TlsBuildInputs {
  std::shared_ptr<const tls::TicketKeys> ticket_keys;  // null: random ones, never renewed
  std::string key_log_file;                            // empty: none
  bool kernel_tls = false;
};

class TlsBuilder {
 public:
  TlsBuilder(TlsBuildInputs inputs, FileContents& files);
  ~TlsBuilder();

  // The report has every set of options, "default" among them, and what is wrong with certificates. Both results are
  // the same objects as before while nothing changed.
  struct Built {
    std::shared_ptr<const tls::ServerTls> tls;
    std::shared_ptr<const TlsReport> report;
  };
  Built build(const config::dynamic::Tls& configuration, WallTime now);
  // The files it was made from, whether they could be read or not.
  const std::set<std::string>& files() const { return paths_; }

 private:
  struct LoadedPair;
  struct BuiltOptions;

  std::shared_ptr<const tls::CertificateStore> build_store(const config::dynamic::Tls& configuration, WallTime now,
                                                           TlsReport& report);
  std::shared_ptr<const tls::Certificate> load(const std::string& cert_file, const std::string& key_file,
                                               const std::string& place, WallTime now, TlsReport& report);
  FileContents::Identity look_at(const std::string& value);
  Result<tls::ServerOptions> read_options(const config::dynamic::TlsOptions& options) const;
  void build_options(const std::string& name, const config::dynamic::TlsOptions& options, tls::ServerTls& tls,
                     TlsReport& report);

  TlsBuildInputs inputs_;
  FileContents& files_;
  std::shared_ptr<const tls::Certificate> generated_;  // shown when no default certificate is configured

  std::optional<config::dynamic::Tls> configuration_;  // of the last build,
  uint64_t generation_ = 0;                            // files and
  Built built_;                                        // what it made
  std::set<std::string> paths_;
  std::map<std::pair<std::string, std::string>, LoadedPair> before_, now_;  // by certFile and keyFile
  std::map<std::string, BuiltOptions> options_before_, options_now_;
};

}  // namespace fl::proxy
