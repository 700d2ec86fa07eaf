// The providers there are, one line each: static options -> Provider.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "aws/ecs_api.h"
#include "base/result.h"
#include "config/static/providers.h"
#include "providers/provider.h"

namespace fl::providers {

std::unique_ptr<Provider> make_file_provider(const config::statics::FileProvider& options);

// What the file provider would send now, and how each file did; for commands that do not serve.
struct FilesRead {
  std::optional<Message> message;
  std::vector<SourceStatus> sources;
};
FilesRead read_files(const config::statics::FileProvider& options, WallTime now);

// What can be said of the options before there is an API. Errors: the default rule or the constraints cannot be parsed;
// the message begins with the option: "providers.ecs.defaultRule: ...".
Result<> check_ecs_options(const config::statics::EcsProvider& options);

// `api` outlives the provider, and gives its calls deadlines: run() ends only when they have.
// Errors: as check_ecs_options.
Result<std::unique_ptr<Provider>> make_ecs_provider(const config::statics::EcsProvider& options, aws::EcsApi& api);

}  // namespace fl::providers
