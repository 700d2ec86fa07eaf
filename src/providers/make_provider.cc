#include "providers/make_provider.h"

#include "providers/ecs/ecs_provider.h"
#include "providers/file/file_provider.h"

namespace fl::providers {

std::unique_ptr<Provider> make_file_provider(const config::statics::FileProvider& options) {
  return std::make_unique<file::FileProvider>(options);
}

FilesRead read_files(const config::statics::FileProvider& options, WallTime now) {
  file::Loader loader(options);
  auto message = loader.load(now);
  return {std::move(message), loader.status()};
}

Result<> check_ecs_options(const config::statics::EcsProvider& options) {
  FL_TRY([[maybe_unused]] const auto compiled, ecs::CompiledOptions::make(options));
  return {};
}

Result<std::unique_ptr<Provider>> make_ecs_provider(const config::statics::EcsProvider& options, aws::EcsApi& api) {
  FL_TRY(auto provider, ecs::EcsProvider::make(options, api));
  return provider;
}

}  // namespace fl::providers
