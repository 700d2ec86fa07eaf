// Routers and services from the labels of containers that run on Amazon ECS (or anything that answers like it).
// Main thread; lives as long as its run() and longer than none of the API it was given.
//
// Each cluster is read on its own, every refreshSeconds, and at once when a control plane that can be watched (our own)
// says that something changed; one that fails is tried again with back-off and keeps what was
// last known of it, which a state file carries over a restart. What is sent is never made of an error: nothing until
// each cluster has been read or had time to be, and nothing at all before anything is known.
// Source: Traefik, ECS provider.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "aws/ecs_api.h"
#include "config/static/providers.h"
#include "providers/bell.h"
#include "providers/container/constraints.h"
#include "providers/ecs/cluster_reader.h"
#include "providers/ecs/definitions.h"
#include "providers/ecs/state_file.h"
#include "providers/gotemplate/template.h"
#include "providers/provider.h"

namespace fl::providers::ecs {

// What the options say in small languages, understood.
struct CompiledOptions {
  gotemplate::Template default_rule;
  container::Constraints constraints;

  // Errors: the default rule or the constraints cannot be parsed.
  static Result<CompiledOptions> make(const config::statics::EcsProvider& options);
};

class EcsProvider final : public Provider {
 public:
  // Errors: as CompiledOptions::make. `api` outlives the provider; run() ends only when
  // its calls have, so it has to give them deadlines.
  static Result<std::unique_ptr<EcsProvider>> make(const config::statics::EcsProvider& options, aws::EcsApi& api);
  ~EcsProvider() override;

  std::string_view name() const override { return "ecs"; }
  net::Task<void> run(Sink& sink, net::StopToken stop) override;
  std::vector<SourceStatus> status() const override;

  // What is known is not sent before every cluster has answered, well or badly, or this time is over.
  static constexpr Duration kFirstAnswers = 2s;
  // Clusters that change together are one message.
  static constexpr Duration kGather = 20ms;
  // How often one that cannot be watched is asked whether it can be now.
  static constexpr Duration kAskForWatch = 10min;
  static constexpr Duration kFirstRetry = 500ms, kLongestRetry = 60s;  // times 1.5 each, give or take a half

 private:
  struct Cluster;

  EcsProvider(const config::statics::EcsProvider& options, aws::EcsApi& api, CompiledOptions compiled);

  void load_state();
  void start_cluster(const std::string& name, net::TaskScope& scope);
  net::Task<void> follow_clusters(net::TaskScope& scope, net::StopToken stop);
  net::Task<void> follow_cluster(std::shared_ptr<Cluster> cluster);
  net::Task<void> follow_changes(net::StopToken stop);
  static net::Task<bool> nap(Cluster& cluster, Duration most);
  net::Task<void> end_first_answers(net::StopToken stop);
  // -> how long to wait before the next reading.
  Duration take_reading(Cluster& cluster, Result<ClusterReading> reading);
  Duration retry_after(int failures);
  bool has_first_answers() const;
  void publish(Sink& sink);

  const config::statics::EcsProvider options_;
  aws::EcsApi& api_;
  const CompiledOptions compiled_;
  Definitions definitions_;
  std::map<std::string, std::shared_ptr<Cluster>, std::less<>> clusters_;  // by name, or ARN when found by listing
  ClusterInstances state_;                                                 // of clusters not read since the start
  std::string state_error_, list_error_;
  bool is_list_answered_ = false;  // well or badly, or not asked
  bool is_listed_ = false;         // ListClusters has answered well
  bool is_first_time_over_ = false;
  Bell changed_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace fl::providers::ecs
