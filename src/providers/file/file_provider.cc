#include "providers/file/file_provider.h"

#include <algorithm>

#include "base/log.h"
#include "net/file_watcher.h"
#include "providers/file/paths.h"

namespace fl::providers::file {
namespace {

// Errors that are new, once.
void log_errors(const std::vector<SourceStatus>& before, const std::vector<SourceStatus>& now) {
  for (const SourceStatus& source : now) {
    const bool is_known = std::ranges::any_of(
        before, [&](const auto& s) { return s.source == source.source && s.error == source.error; });
    if (!source.error.empty() && !is_known) log::write(log::Level::error, source.error, {{"providerName", "file"}});
  }
}

}  // namespace

net::Task<void> FileProvider::run(Sink& sink, net::StopToken stop) {
  net::Loop& loop = net::Loop::current();
  net::FileWatcher watcher(loop, [this] { changed_.ring(); });
  bool goes_on = true;
  while (goes_on) {
    const auto before = status();
    if (options_.watch) {
      net::Watched watched;
      if (options_.directory.empty())
        watched.add_path(options_.filename);
      else
        add_tree(options_.directory, watched);
      const auto watching = watcher.watch(watched);
      watch_error_ = watching ? "" : watching.error().message;
    }
    if (auto message = loader_.load(loop.wall())) sink.send(*std::move(message));
    log_errors(before, status());
    goes_on = co_await changed_.wait(stop);
  }
}

std::vector<SourceStatus> FileProvider::status() const {
  auto out = loader_.status();
  if (!watch_error_.empty()) out.push_back({.source = "watch", .error = watch_error_});
  return out;
}

}  // namespace fl::providers::file
