// Keeps OCSP staples on the certificates that are served: asks their responders, off every request's path, and again
// when half of an answer's time has passed. While a responder is away its last answer stays in use until its end;
// no handshake ever waits. Main thread; lives as long as the program.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/static/configuration.h"
#include "http/fetch.h"
#include "net/stop.h"
#include "net/task.h"
#include "tls/certificate_store.h"
#include "tls/ocsp.h"

namespace fl::app {

class OcspStapler {
 public:
  // `fetcher` outlives it.
  OcspStapler(http::Fetcher& fetcher, config::statics::Ocsp options);
  ~OcspStapler();

  // The certificates that are served from now on. One that was there before keeps its staple.
  void serve(const tls::CertificateStore& certificates);
  // Until the stop.
  net::Task<> run(net::StopToken stop);

 private:
  struct Entry;  // of one certificate that can be asked about
  using EntryPtr = std::shared_ptr<Entry>;

  EntryPtr make_entry(const std::shared_ptr<const tls::Certificate>& certificate) const;
  net::Task<> ask_in_turn(std::vector<EntryPtr>& due, net::StopToken stop);
  net::Task<> ask(Entry& entry, net::StopToken stop);
  net::Task<Result<tls::OcspStaple>> fetch(const tls::OcspQuestion& question, net::StopToken stop);

  http::Fetcher& fetcher_;
  const config::statics::Ocsp options_;
  std::map<std::shared_ptr<const tls::Certificate>, EntryPtr> entries_;  // null: nobody can be asked about it
};

}  // namespace fl::app
