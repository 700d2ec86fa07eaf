#include "providers/ecs/ecs_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/log.h"
#include "providers/container/merge.h"

namespace fl::providers::ecs {
namespace {

// Logged when it is new, not at every try.
void note_error(std::string_view source, std::string& error, std::string now) {
  if (!now.empty() && now != error) log::write(log::Level::error, now, {{"providerName", "ecs"}, {"source", source}});
  error = std::move(now);
}

}  // namespace

struct EcsProvider::Cluster {
  std::string name;
  std::optional<std::vector<container::Instance>> instances;  // last known
  std::vector<config::Issue> issues;
  std::string error;
  std::optional<WallTime> last_success;
  bool is_answered = false;
  int failures = 0;                     // in a row
  bool is_changed = false;              // since the last reading began, as a watch says
  std::optional<net::StopSource> nap_;  // between two readings
  net::StopSource stop;

  void wake() {
    is_changed = true;
    if (nap_) nap_->request_stop();
  }
  void end() {
    stop.request_stop();
    wake();
  }
};

Result<CompiledOptions> CompiledOptions::make(const config::statics::EcsProvider& options) {
  auto rule = gotemplate::Template::parse("defaultRule", options.default_rule, gotemplate::Dialect::default_rule);
  if (!rule) return tl::make_unexpected(std::move(rule).error().context("providers.ecs.defaultRule"));
  auto constraints = container::Constraints::parse(options.constraints);
  if (!constraints) return tl::make_unexpected(std::move(constraints).error().context("providers.ecs.constraints"));
  return CompiledOptions{*std::move(rule), *std::move(constraints)};
}

EcsProvider::EcsProvider(const config::statics::EcsProvider& options, aws::EcsApi& api, CompiledOptions compiled)
    : options_(options), api_(api), compiled_(std::move(compiled)), definitions_(api) {}
EcsProvider::~EcsProvider() = default;

Result<std::unique_ptr<EcsProvider>> EcsProvider::make(const config::statics::EcsProvider& options, aws::EcsApi& api) {
  FL_TRY(auto compiled, CompiledOptions::make(options));
  return std::unique_ptr<EcsProvider>(new EcsProvider(options, api, std::move(compiled)));
}

net::Task<void> EcsProvider::run(Sink& sink, net::StopToken stop) {
  load_state();
  net::TaskScope scope;
  if (options_.auto_discover_clusters) {
    while (!state_.empty()) start_cluster(std::string(state_.begin()->first), scope);
    scope.spawn(follow_clusters(scope, stop));
  } else {
    is_list_answered_ = true;
    for (const std::string& name : options_.clusters) start_cluster(name, scope);
  }
  scope.spawn(end_first_answers(stop));
  scope.spawn(follow_changes(stop));
  while (co_await changed_.wait(stop)) {
    if (!has_first_answers()) continue;
    if (!co_await net::sleep_for(kGather, stop)) break;
    publish(sink);
  }
  for (const auto& [name, cluster] : clusters_) cluster->end();
  co_await scope.join();
}

void EcsProvider::load_state() {
  if (options_.state_file.empty()) return;
  auto state = read_state(options_.state_file);
  if (state)
    state_ = *std::move(state);
  else if (state.error().code != Code::not_found)
    note_error(options_.state_file, state_error_, state.error().message);
}

void EcsProvider::start_cluster(const std::string& name, net::TaskScope& scope) {
  auto& cluster = clusters_[name];
  if (cluster != nullptr) return;
  cluster = std::make_shared<Cluster>();
  cluster->name = name;
  if (auto known = state_.extract(name)) cluster->instances = std::move(known.mapped());
  scope.spawn(follow_cluster(cluster));
}

// autoDiscoverClusters: follows each cluster there is, and none that is gone. A listing that fails changes nothing.
net::Task<void> EcsProvider::follow_clusters(net::TaskScope& scope, net::StopToken stop) {
  int failures = 0;
  Duration wait;
  do {
    auto listed = co_await list_clusters(api_);
    if (stop.stop_requested()) co_return;
    is_list_answered_ = true;
    note_error("ListClusters", list_error_, listed ? "" : listed.error().message);
    failures = listed ? 0 : failures + 1;
    wait = listed ? std::chrono::seconds(options_.refresh_seconds) : retry_after(failures);
    if (listed) {
      is_listed_ = true;
      const std::set<std::string> now(listed->begin(), listed->end());
      for (const std::string& name : now) start_cluster(name, scope);
      std::erase_if(clusters_, [&](const auto& entry) {
        if (now.contains(entry.first)) return false;
        entry.second->end();
        return true;
      });
    }
    changed_.ring();
  } while (co_await net::sleep_for(wait, stop));
}

net::Task<void> EcsProvider::follow_cluster(std::shared_ptr<Cluster> cluster) {
  ClusterReader reader(api_, definitions_);
  Duration wait;
  do {
    cluster->is_changed = false;
    auto reading = co_await reader.read(cluster->name);
    if (cluster->stop.stop_requested()) co_return;
    wait = take_reading(*cluster, std::move(reading));
  } while (co_await nap(*cluster, wait));
}

// Until the time is over or a watch says that something changed. -> false when asked to stop
net::Task<bool> EcsProvider::nap(Cluster& cluster, Duration most) {
  if (!cluster.is_changed) {
    cluster.nap_.emplace();
    co_await net::sleep_for(most, *cluster.nap_);
    cluster.nap_.reset();
  }
  // Changes that come together are one reading.
  co_return cluster.is_changed ? co_await net::sleep_for(kGather, cluster.stop) : !cluster.stop.stop_requested();
}

// Where the API can be watched, its changes wake the clusters; else they are read by the clock alone.
net::Task<void> EcsProvider::follow_changes(net::StopToken stop) {
  std::optional<int64_t> since;
  int failures = 0;
  while (!stop.stop_requested()) {
    const auto watched = co_await api_.wait_for_change(since);
    if (watched) {
      failures = 0;
      since = watched->revision;
      if (watched->is_changed)
        for (const auto& [name, cluster] : clusters_) cluster->wake();
      if (!co_await net::sleep_for(kGather, stop)) co_return;
      continue;
    }
    since.reset();
    const bool cannot = watched.error().code == Code::not_found;
    const Duration wait = cannot ? kAskForWatch : retry_after(++failures);
    if (!co_await net::sleep_for(wait, stop)) co_return;
  }
}

Duration EcsProvider::take_reading(Cluster& cluster, Result<ClusterReading> reading) {
  const bool is_first = !std::exchange(cluster.is_answered, true);
  if (!reading) {
    note_error(cluster.name, cluster.error, reading.error().message);
    if (is_first) changed_.ring();
    return retry_after(++cluster.failures);
  }
  Discovered found = discover(reading->facts, options_.healthy_tasks_only);
  // A task whose definition cannot be read now may be known from before the start.
  const std::set<std::string_view> unread(found.without_definition.begin(), found.without_definition.end());
  if (cluster.instances && !unread.empty())
    std::ranges::copy_if(*cluster.instances, std::back_inserter(found.instances),
                         [&](const auto& known) { return unread.contains(known.id); });
  std::string problems;
  for (const Error& error : reading->definition_errors) problems += (problems.empty() ? "" : "; ") + error.message;
  note_error(cluster.name, cluster.error, std::move(problems));
  cluster.last_success = net::Loop::current().wall();
  cluster.failures = reading->definition_errors.empty() ? 0 : cluster.failures + 1;

  const bool is_changed =
      cluster.instances != found.instances || config::to_text(cluster.issues) != config::to_text(found.issues);
  cluster.instances = std::move(found.instances);
  cluster.issues = std::move(found.issues);
  if (is_first || is_changed) changed_.ring();
  const Duration refresh = std::chrono::seconds(options_.refresh_seconds);
  return cluster.failures == 0 ? refresh : std::min(refresh, retry_after(cluster.failures));
}

Duration EcsProvider::retry_after(int failures) {
  const double factor = std::pow(1.5, std::min(failures, 20) - 1) * std::uniform_real_distribution(0.5, 1.5)(random_);
  const auto wait = std::chrono::duration_cast<Duration>(kFirstRetry * factor);
  return std::min<Duration>(wait, kLongestRetry);
}

net::Task<void> EcsProvider::end_first_answers(net::StopToken stop) {
  const bool is_over = co_await net::sleep_for(kFirstAnswers, stop);
  if (!is_over || has_first_answers()) co_return;
  is_first_time_over_ = true;
  changed_.ring();
}

bool EcsProvider::has_first_answers() const {
  return is_first_time_over_ || (is_list_answered_ && std::ranges::all_of(clusters_, [](const auto& entry) {
                                   return entry.second->is_answered;
                                 }));
}

void EcsProvider::publish(Sink& sink) {
  std::vector<container::Instance> instances;
  std::vector<config::Issue> issues;
  ClusterInstances known;
  for (const auto& [name, cluster] : clusters_) {
    if (!cluster->instances) continue;
    instances.insert(instances.end(), cluster->instances->begin(), cluster->instances->end());
    issues.insert(issues.end(), cluster->issues.begin(), cluster->issues.end());
    known.emplace(name, *cluster->instances);
  }
  const bool has_no_clusters = is_listed_ && clusters_.empty();
  if (known.empty() && !has_no_clusters) return;
  auto built = container::build(instances, {.provider = "ecs",
                                            .default_rule = compiled_.default_rule,
                                            .constraints = compiled_.constraints,
                                            .exposed_by_default = options_.exposed_by_default});
  std::ranges::move(built.issues, std::back_inserter(issues));
  sink.send({.provider = "ecs",
             .configuration = std::make_shared<const config::dynamic::Configuration>(std::move(built.configuration)),
             .broken = std::move(built.broken),
             .issues = std::move(issues)});
  if (options_.state_file.empty()) return;
  const auto written = write_state(options_.state_file, known);
  note_error(options_.state_file, state_error_, written ? "" : written.error().message);
}

std::vector<SourceStatus> EcsProvider::status() const {
  std::vector<SourceStatus> out;
  for (const auto& [name, cluster] : clusters_) out.push_back({name, cluster->error, cluster->last_success});
  if (!list_error_.empty()) out.push_back({.source = "ListClusters", .error = list_error_});
  if (!state_error_.empty()) out.push_back({.source = options_.state_file, .error = state_error_});
  return out;
}

}  // namespace fl::providers::ecs
