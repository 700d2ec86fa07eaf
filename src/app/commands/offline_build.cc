#include "app/commands/offline_build.h"

#include "admin/internal_provider.h"
#include "admin/noop_handler.h"
#include "base/time.h"
#include "config/merge.h"
#include "providers/make_provider.h"

namespace fl::app {
namespace {

// Errors of a text begin with their place in it, "routes.yml:3:7: ...": that is what an issue's `where` is for.
void take_place_from_text(config::Issue& issue, std::string_view source) {
  if (!issue.where.empty() || !issue.text.starts_with(source)) return;
  const size_t colon = issue.text.find(": ", source.size());
  if (colon == std::string::npos) return;
  issue.where = issue.text.substr(0, colon);
  issue.text.erase(0, colon + 2);
}

void read_files(const config::statics::FileProvider& options, OfflineBuild& out,
                std::vector<config::ProviderConfig>& configurations) {
  constexpr std::string_view kProvider = "file";
  const auto [message, sources] = providers::read_files(options, system_clock().wall());
  for (const providers::SourceStatus& source : sources) {
    out.files.push_back(source.source);
    if (source.error.empty()) continue;
    config::Issue issue{.text = source.error};
    take_place_from_text(issue, source.source);
    if (issue.where.empty()) issue.where = source.source;
    out.issues.push_back(std::move(issue));
  }
  if (!message) return;
  for (const auto& broken : message->broken)
    for (config::Issue issue : broken.issues) {
      issue.kind = broken.kind;
      issue.object = config::qualify(broken.name, kProvider);
      out.issues.push_back(std::move(issue));
    }
  for (config::Issue issue : message->issues) {
    if (!issue.object.empty()) issue.object = config::qualify(issue.object, kProvider);
    out.issues.push_back(std::move(issue));
  }
  configurations.push_back({std::string(kProvider), message->configuration});
}

// Every service a router may name; nobody ever asks one.
std::map<std::string, std::shared_ptr<const http::Handler>, std::less<>> internal_services(
    const config::statics::Configuration& configuration) {
  std::map<std::string, std::shared_ptr<const http::Handler>, std::less<>> out;
  const auto handler = std::make_shared<admin::NoopHandler>();
  out["noop@internal"] = handler;
  if (configuration.api) out["api@internal"] = handler;
  if (configuration.api && configuration.api->dashboard) out["dashboard@internal"] = handler;
  if (configuration.ping) out["ping@internal"] = handler;
  if (configuration.metrics.prometheus) out["prometheus@internal"] = handler;
  return out;
}

}  // namespace

config::LoadedStatic load_static_file(const std::string& file) {
  config::StaticInput input;
  input.arguments = {"--configFile=" + file};
  input.environment = config::process_environment();
  config::LoadedStatic loaded = config::load_static(input);
  for (config::Issue& issue : loaded.issues) {
    take_place_from_text(issue, file);
    if (issue.where.empty()) issue.where = file;
  }
  return loaded;
}

EntryPointNames names_of(const std::vector<EntryPointWiring>& entry_points) {
  EntryPointNames names;
  for (const EntryPointWiring& entry_point : entry_points)
    (entry_point.udp ? names.udp : names.tcp).push_back(entry_point.options.name);
  return names;
}

OfflineBuild build_offline(const config::LoadedStatic& loaded,
                           const std::optional<config::statics::FileProvider>& dynamic, EntryPointNames entry_points) {
  OfflineBuild out;
  std::vector<config::ProviderConfig> configurations;
  if (dynamic) read_files(*dynamic, out, configurations);
  configurations.push_back(
      {std::string(admin::kInternalProvider),
       std::make_shared<const config::dynamic::Configuration>(admin::internal_configuration(loaded.configuration))});
  auto merged = config::merge(configurations, {.default_entry_points = loaded.default_entry_points,
                                               .entry_points = loaded.configuration.entry_points});
  out.issues.insert(out.issues.end(), merged.issues.begin(), merged.issues.end());

  const auto slots = std::make_shared<proxy::SlotTable>([](uint32_t) {});
  proxy::SnapshotBuilder builder({.entry_points = std::move(entry_points.tcp),
                                  .udp_entry_points = std::move(entry_points.udp),
                                  .precedence = loaded.configuration.providers.precedence,
                                  .internal_services = internal_services(loaded.configuration),
                                  .default_transport = {},
                                  .upstream_slots = slots,
                                  .balancer_slots = slots});
  out.built = builder.build(std::make_shared<const config::dynamic::Configuration>(std::move(merged.configuration)),
                            out.issues);
  return out;
}

}  // namespace fl::app
