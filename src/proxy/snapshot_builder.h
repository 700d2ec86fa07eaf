// Dynamic configuration -> Snapshot and RuntimeReport. Never fails as a whole: what is wrong is disabled with its
// reason, and with it whatever needs it; the rest goes live. Keeps what it built last, so that a change costs about
// what changed. Main thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/dynamic/configuration.h"
#include "config/issue.h"
#include "http/exchange.h"
#include "proxy/health_checker.h"
#include "proxy/runtime_report.h"
#include "proxy/slots.h"
#include "proxy/snapshot.h"
#include "proxy/tcp/transport.h"
#include "proxy/upstream_spec.h"
#include "tls/ticket_keys.h"

namespace fl::http {
class Fetcher;
}
namespace fl::net {
class Resolver;
}

namespace fl::proxy {

struct ServiceIdentities;

struct BuildInputs {
  std::vector<std::string> entry_points;      // TCP ones, in the order of Snapshot::entry_points
  std::vector<std::string> udp_entry_points;  // UDP ones, in the order of Snapshot::udp_entry_points
  std::vector<std::string> precedence;        // providers, the first wins a tie of priorities
  std::map<std::string, std::shared_ptr<const http::Handler>, std::less<>> internal_services;  // "api@internal"
  TransportSpec default_transport;
  bool insecure_skip_verify = false;  // of the default transport: any certificate of a server will do
  std::vector<std::string> root_cas;  // of the default transport: authorities, files or PEM text; empty: the system's
  std::shared_ptr<const tls::TicketKeys> ticket_keys;  // of TLS sessions; null: keys of the builder's own
  std::string key_log_file;                            // secrets of TLS connections go there; empty: nowhere
  bool kernel_tls = false;                             // large answers over TLS are sealed by the kernel
  const Clock& clock = system_clock();                 // for the validity of certificates
  http::Fetcher* prober = nullptr;                     // of active health checks; null: nobody will run them
  net::Resolver* resolver = nullptr;                   // of those of TCP servers; likewise
  std::shared_ptr<const tcp::Transport> default_tcp_transport = std::make_shared<const tcp::Transport>();
  std::shared_ptr<SlotTable> upstream_slots;
  std::shared_ptr<SlotTable> balancer_slots;
};

struct BuildResult {
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const RuntimeReport> report;
  HealthChecks health_checks;           // to be run as long as the snapshot is in force
  std::shared_ptr<const void> retired;  // what only the build before needed; may be let go after publishing
};

class SnapshotBuilder {
 public:
  explicit SnapshotBuilder(BuildInputs inputs);
  ~SnapshotBuilder();

  // `configuration` has qualified names, as config::merge() makes them; `issues` with an object's (qualified) name
  // become that object's errors.
  BuildResult build(std::shared_ptr<const config::dynamic::Configuration> configuration,
                    const std::vector<config::Issue>& issues);

  // Certificates, keys and authorities that the last build read, or would have read: what to watch.
  std::set<std::string> files() const;
  // The next build looks at them again.
  void files_changed();

 private:
  struct Memory;
  struct Secured;  // TLS and the files it is made from
  const BuildInputs inputs_;
  std::unique_ptr<Memory> memory_;  // what the last build made
  std::unique_ptr<Secured> secured_;
  std::unique_ptr<ServiceIdentities> identities_;
  uint64_t version_ = 0;
};

}  // namespace fl::proxy
