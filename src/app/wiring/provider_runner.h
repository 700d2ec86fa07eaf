// The providers that the static configuration asks for, run on main's loop, and what they said last. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "admin/state.h"
#include "aws/ecs_client.h"
#include "base/result.h"
#include "config/issue.h"
#include "config/merge.h"
#include "config/static/configuration.h"
#include "http/fetch.h"
#include "net/resolver.h"
#include "net/stop.h"
#include "providers/aggregator.h"
#include "providers/provider.h"

namespace fl::app {

class ProviderRunner {
 public:
  // `on_change` is called when any provider's configuration has changed.
  ProviderRunner(net::Loop& loop, const config::statics::Configuration& configuration, net::StopToken stop,
                 std::function<void()> on_change);
  ~ProviderRunner();

  // Begins to run them, in `scope`, until the stop.
  void start(net::TaskScope& scope);
  // Each has said what it knows: files at once, ECS when it has been asked. A file that cannot be read says nothing and
  // is not waited for.
  bool has_reported() const;
  // They look again now (SIGHUP).
  void reload();

  // The newest configuration of each provider, in merge()'s form.
  std::vector<config::ProviderConfig> configurations() const;
  // What is wrong with objects, under their qualified names, and with whole sources.
  std::vector<config::Issue> issues() const;
  std::vector<admin::SourceStatus> sources() const;

 private:
  net::Task<> run_file();
  net::Task<> run_ecs();

  net::Loop& loop_;
  const config::statics::Configuration& configuration_;
  net::StopToken stop_;
  bool started_ = false;
  providers::Aggregator aggregator_;
  std::vector<std::unique_ptr<providers::Provider>> providers_;
  // For the ECS provider.
  net::Resolver resolver_;
  std::unique_ptr<http::Fetcher> fetcher_;
  std::unique_ptr<aws::EcsClient> ecs_client_;
  std::string ecs_error_;
};

}  // namespace fl::app
