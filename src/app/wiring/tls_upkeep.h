// What keeps TLS up to date while the program runs: keys of session tickets rotate, and files that certificates, keys
// and authorities came from are watched. Main thread; lives as long as the program.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "config/static/configuration.h"
#include "net/file_watcher.h"
#include "net/loop.h"
#include "net/stop.h"
#include "net/task.h"
#include "tls/ticket_keys.h"

namespace fl::app {

class TlsUpkeep {
 public:
  // `on_files_changed` is called when any of the files given to watch() may have changed. Errors: the secret cannot be
  // read, or is too short.
  static Result<std::unique_ptr<TlsUpkeep>> create(net::Loop& loop, const config::statics::TlsServer& options,
                                                   std::function<void()> on_files_changed);

  std::shared_ptr<const tls::TicketKeys> ticket_keys() const { return ticket_keys_; }

  // From now on these are watched. -> whether any of them was not before, so that it has to be looked at again
  bool watch(const std::set<std::string>& files);
  // Reads the secret again (SIGHUP, or its file has changed); a bad one is logged, and the one before stays.
  void read_secret();
  // Rotates the keys until the stop.
  net::Task<> run(net::StopToken stop);

 private:
  TlsUpkeep(net::Loop& loop, const config::statics::TlsServer& options, std::function<void()> on_files_changed);

  net::Loop& loop_;
  const config::statics::TlsServer options_;
  std::function<void()> on_files_changed_;
  std::shared_ptr<tls::TicketKeys> ticket_keys_;
  std::set<std::string> watched_;
  net::FileWatcher watcher_;
};

}  // namespace fl::app
