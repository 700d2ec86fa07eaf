// Routers, services and middlewares from a file, or from all files of a directory, read again when they change.
// Main thread. Source: Traefik, file provider.
#pragma once

#include <string>
#include <vector>

#include "config/static/providers.h"
#include "providers/bell.h"
#include "providers/file/loader.h"
#include "providers/provider.h"

namespace fl::providers::file {

class FileProvider final : public Provider {
 public:
  // One of `filename` and `directory` is set.
  explicit FileProvider(const config::statics::FileProvider& options) : options_(options), loader_(options) {}

  std::string_view name() const override { return "file"; }
  net::Task<void> run(Sink& sink, net::StopToken stop) override;
  std::vector<SourceStatus> status() const override;
  void reload() override { changed_.ring(); }

 private:
  const config::statics::FileProvider options_;
  Loader loader_;
  Bell changed_;
  std::string watch_error_;
};

}  // namespace fl::providers::file
