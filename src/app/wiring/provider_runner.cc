#include "app/wiring/provider_runner.h"

#include "base/log.h"
#include "providers/make_provider.h"
#include "tls/client_context.h"

namespace fl::app {
namespace {

constexpr Duration kFirstRetry = 1s, kLongestRetry = 60s;

}  // namespace

ProviderRunner::ProviderRunner(net::Loop& loop, const config::statics::Configuration& configuration,
                               net::StopToken stop, std::function<void()> on_change)
    : loop_(loop),
      configuration_(configuration),
      stop_(stop),
      aggregator_(loop, configuration.providers.providers_throttle_duration,
                  [f = std::move(on_change)](const providers::Aggregator::Current&) { f(); }),
      resolver_(loop) {}

ProviderRunner::~ProviderRunner() = default;

void ProviderRunner::start(net::TaskScope& scope) {
  if (configuration_.providers.file) scope.spawn(run_file());
  if (configuration_.providers.ecs) scope.spawn(run_ecs());
  started_ = true;  // files have reported
}

net::Task<> ProviderRunner::run_file() {
  auto& provider = *providers_.emplace_back(providers::make_file_provider(*configuration_.providers.file));
  co_await provider.run(aggregator_, stop_);
}

// Region and credentials may be late (a metadata service that is not up yet): the provider is tried again until it
// can be set up, while everything else serves.
net::Task<> ProviderRunner::run_ecs() {
  const config::statics::EcsProvider& options = *configuration_.providers.ecs;
  for (Duration wait = kFirstRetry; ecs_client_ == nullptr; wait = std::min(wait * 2, kLongestRetry)) {
    auto tls = tls::ClientContext::create({});
    if (tls) {
      if (fetcher_ == nullptr) fetcher_ = std::make_unique<http::Fetcher>(loop_, resolver_, *std::move(tls));
      auto client = co_await aws::EcsClient::create(*fetcher_, aws::process_environment(),
                                                    {.region = options.region,
                                                     .access_key_id = options.access_key_id,
                                                     .secret_access_key = options.secret_access_key,
                                                     .stop = &stop_});
      if (client) {
        ecs_client_ = *std::move(client);
        ecs_error_.clear();
        break;
      }
      ecs_error_ = client.error().message;
    } else {
      ecs_error_ = tls.error().message;
    }
    log::error("provider ecs: {}", ecs_error_);
    if (!co_await net::sleep_for(wait, stop_)) co_return;
  }
  auto made = providers::make_ecs_provider(options, *ecs_client_);
  if (!made) {
    ecs_error_ = made.error().message;
    log::error("provider ecs: {}", ecs_error_);
    co_return;
  }
  auto& provider = *providers_.emplace_back(*std::move(made));
  co_await provider.run(aggregator_, stop_);
}

bool ProviderRunner::has_reported() const {
  return started_ && (!configuration_.providers.ecs || aggregator_.current().contains("ecs"));
}

void ProviderRunner::reload() {
  for (auto& provider : providers_) provider->reload();
}

std::vector<config::ProviderConfig> ProviderRunner::configurations() const {
  std::vector<config::ProviderConfig> out;
  for (const auto& [name, message] : aggregator_.current()) out.push_back({name, message.configuration});
  return out;
}

std::vector<config::Issue> ProviderRunner::issues() const {
  std::vector<config::Issue> out;
  for (const auto& [name, message] : aggregator_.current()) {
    for (const auto& broken : message.broken)
      for (config::Issue issue : broken.issues) {
        issue.kind = broken.kind;
        issue.object = config::qualify(broken.name, name);
        out.push_back(std::move(issue));
      }
    out.insert(out.end(), message.issues.begin(), message.issues.end());
  }
  return out;
}

std::vector<admin::SourceStatus> ProviderRunner::sources() const {
  std::vector<admin::SourceStatus> out;
  for (const auto& provider : providers_)
    for (const auto& source : provider->status())
      out.push_back({std::string(provider->name()), source.source, source.error, source.last_success});
  if (!ecs_error_.empty()) out.push_back({"ecs", "setup", ecs_error_, std::nullopt});
  return out;
}

}  // namespace fl::app
