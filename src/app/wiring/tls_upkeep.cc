#include "app/wiring/tls_upkeep.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/log.h"
#include "tls/options.h"

namespace fl::app {
namespace {

constexpr Duration kLookAtTheClock = 1min;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail(Code::invalid, fmt::format("{}: {}", path, std::strerror(errno)));
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 07) != 0)
    log::warn("tlsServer.sessionTicketSecretFile: {} is open to every user of this machine: chmod 600 it", path);
  return text;
}

}  // namespace

TlsUpkeep::TlsUpkeep(net::Loop& loop, const config::statics::TlsServer& options, std::function<void()> on_files_changed)
    : loop_(loop), options_(options), on_files_changed_(std::move(on_files_changed)), watcher_(loop, [this] {
        read_secret();
        on_files_changed_();
      }) {}

Result<std::unique_ptr<TlsUpkeep>> TlsUpkeep::create(net::Loop& loop, const config::statics::TlsServer& options,
                                                     std::function<void()> on_files_changed) {
  std::unique_ptr<TlsUpkeep> made(new TlsUpkeep(loop, options, std::move(on_files_changed)));
  made->watch({});
  if (options.session_ticket_secret_file.empty()) {
    made->ticket_keys_ = std::make_shared<tls::TicketKeys>(loop.wall());
  } else {
    auto keys = read_file(options.session_ticket_secret_file).and_then([&loop](const std::string& secret) {
      return tls::TicketKeys::shared(secret, loop.wall());
    });
    if (!keys) return tl::make_unexpected(std::move(keys).error().context("tlsServer.sessionTicketSecretFile"));
    made->ticket_keys_ = *std::move(keys);
  }
  if (!options.key_log_file.empty())
    log::error(  // nothing less is seen by default
        "tlsServer.keyLogFile: THE SECRETS OF EVERY TLS CONNECTION ARE WRITTEN TO {}: whoever can read that file "
        "can read the traffic. For debugging alone; never leave it on",
        options.key_log_file);
  if (options.kernel_tls)
    if (const auto ok = tls::probe_kernel_tls(); !ok)
      log::warn("tlsServer.kernelTLS: {}; until then everything is encrypted here", ok.error().message);
  return made;
}

bool TlsUpkeep::watch(const std::set<std::string>& files) {
  std::set<std::string> wanted = files;
  if (const std::string& secret = options_.session_ticket_secret_file; !secret.empty()) wanted.insert(secret);
  if (wanted == watched_) return false;
  const bool is_more = !std::ranges::includes(watched_, wanted);
  net::Watched watched;
  for (const std::string& file : wanted) watched.add_path(file);
  if (const auto ok = watcher_.watch(watched); !ok) log::error("tls: {}", ok.error().message);
  watched_ = std::move(wanted);
  return is_more;
}

void TlsUpkeep::read_secret() {
  const std::string& path = options_.session_ticket_secret_file;
  if (path.empty()) return;
  const auto done = read_file(path).and_then(
      [this](const std::string& secret) { return ticket_keys_->set_secret(secret, loop_.wall()); });
  if (!done)
    log::error("tlsServer.sessionTicketSecretFile: {}; the one read before stays in use", done.error().message);
}

net::Task<> TlsUpkeep::run(net::StopToken stop) {
  while (co_await net::sleep_for(kLookAtTheClock, stop)) ticket_keys_->rotate(loop_.wall());
}

}  // namespace fl::app
