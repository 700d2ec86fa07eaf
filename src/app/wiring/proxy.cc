#include "app/wiring/proxy.h"

#include <fmt/format.h>
#include <sched.h>

#include <csignal>
#include <cstdio>
#include <fstream>

#include "app/wiring/entry_points.h"
#include "base/log.h"
#include "base/strings.h"
#include "config/address.h"
#include "net/listener.h"

namespace fl::app {
namespace {

constexpr std::initializer_list<int> kSignals{SIGINT, SIGTERM, SIGHUP, SIGUSR1};

// Cores this process may use: its affinity, and the quota of its control group (a container's CPU limit).
unsigned worker_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  auto cores = ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1U;
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (file >> quota >> period && quota != "max" && period > 0) {
    const auto limit = parse_int(quota);
    if (limit) cores = std::min(cores, static_cast<unsigned>(std::max(1.0, static_cast<double>(*limit) / period + 0.5)));
  }
  return std::max(1U, cores);
}

proxy::TransportSpec default_transport(const config::statics::ServersTransport& options) {
  return {.name = "default@internal",
          .dial_timeout = options.forwarding_timeouts.dial_timeout,
          .response_header_timeout = options.forwarding_timeouts.response_header_timeout,
          .idle_timeout = options.forwarding_timeouts.idle_conn_timeout,
          .max_idle_per_host = options.max_idle_conns_per_host == 0 ? 2 : options.max_idle_conns_per_host};
}

}  // namespace

ProxyProgram::ProxyProgram(config::LoadedStatic loaded) : static_(std::move(loaded)) {}
ProxyProgram::~ProxyProgram() = default;

int ProxyProgram::run() {
  Signals::block(kSignals);
  loop_.make_current();
  if (const auto started = start(); !started) {
    std::fprintf(stderr, "fairlead: %s\n", started.error().message.c_str());
    return 1;
  }
  loop_.run();
  // Workers end before what they use; the last snapshot goes with them.
  for (auto& worker : workers_) worker->join();
  workers_.clear();
  builder_.reset();
  while (!tasks_.idle()) loop_.turn(true);
  loop_.turn(false);
  return 0;
}

Result<> ProxyProgram::start() {
  FL_TRY_VOID(open_entry_points());
  FL_TRY(const auto access_log, wire_access_log(static_.configuration));
  signals_.emplace(loop_, kSignals, [this](int signal) { on_signal(signal); });

  // A slot whose last owner is gone is cleared at every worker; then, and only then, its number is free again. The
  // order of letters sees to it that no worker hears of a new owner before.
  const auto retire = [this](std::shared_ptr<proxy::SlotTable>& table, void (proxy::Worker::*clear)(uint32_t)) {
    return [this, &table, clear](uint32_t slot) {
      loop_.post([this, &table, clear, slot] {
        for (auto& worker : workers_) worker->post([clear, slot](proxy::Worker& w) { (w.*clear)(slot); });
        table->recycle(slot);
      });
    };
  };
  upstream_slots_ = std::make_shared<proxy::SlotTable>(retire(upstream_slots_, &proxy::Worker::retire_upstream));
  balancer_slots_ = std::make_shared<proxy::SlotTable>(retire(balancer_slots_, &proxy::Worker::retire_balancer));

  proxy::BuildInputs inputs{.entry_points = {},
                            .precedence = static_.configuration.providers.precedence,
                            .internal_services = {},
                            .default_transport = default_transport(static_.configuration.servers_transport),
                            .upstream_slots = upstream_slots_,
                            .balancer_slots = balancer_slots_};
  for (const auto& entry_point : entry_points_) inputs.entry_points.push_back(entry_point.options.name);
  builder_ = std::make_unique<proxy::SnapshotBuilder>(std::move(inputs));

  const unsigned count = worker_count();
  for (unsigned i = 0; i < count; ++i) {
    WorkerWiring wiring{.index = i,
                        .entry_points = &entry_points_,
                        .listeners = {},
                        .access_log = access_log,
                        .request_counter = &request_counter_};
    for (const int fd : listeners_) {
      if (i == 0) {
        wiring.listeners.push_back(fd);
      } else {
        FL_TRY(const int another, net::listen_again(fd));
        wiring.listeners.push_back(another);
      }
    }
    workers_.push_back(std::make_unique<WorkerThread>(std::move(wiring)));
  }
  apply();
  start_providers();
  log::info("fairlead {} serves {} entry points on {} workers; configuration loaded from {}", FL_VERSION,
            entry_points_.size(), count, static_.source);
  return {};
}

Result<> ProxyProgram::open_entry_points() {
  FL_TRY(entry_points_, wire_entry_points(static_.configuration));
  for (const auto& [name, entry_point] : static_.configuration.entry_points) {
    FL_TRY(const config::Address address, config::parse_address(entry_point.address));
    auto fd = net::listen_tcp(address.host, address.port, {.probe_taken = !entry_point.reuse_port});
    if (!fd) return tl::make_unexpected(std::move(fd).error().context(fmt::format("entry point \"{}\"", name)));
    listeners_.push_back(*fd);
  }
  return {};
}

void ProxyProgram::start_providers() {}

void ProxyProgram::apply() {
  auto merged = config::merge(configurations_, {.default_entry_points = static_.default_entry_points,
                                                .entry_points = static_.configuration.entry_points});
  std::vector<config::Issue> issues = issues_;
  issues.insert(issues.end(), merged.issues.begin(), merged.issues.end());
  const auto built = builder_->build(
      std::make_shared<const config::dynamic::Configuration>(std::move(merged.configuration)), issues);
  for (auto& worker : workers_) worker->publish(built.snapshot);
}

void ProxyProgram::on_signal(int signal) {
  switch (signal) {
    case SIGUSR1:
      for (auto& worker : workers_) worker->reopen_access_log();
      break;
    case SIGHUP: break;
    default:
      if (terminating_.exchange(true))
        hard_stop_.request_stop();
      else
        tasks_.spawn(shut_down());
  }
}

// Ping says no at once, so that balancers before us turn away; then the door is closed; then running requests end.
net::Task<> ProxyProgram::shut_down() {
  Duration accept_grace = 0s, grace = 0s;
  for (const auto& [_, entry_point] : static_.configuration.entry_points) {
    accept_grace = std::max(accept_grace, entry_point.transport.life_cycle.request_accept_grace_timeout);
    grace = std::max(grace, entry_point.transport.life_cycle.grace_time_out);
  }
  log::info("stopping: requests are accepted for {} more, then running ones have {} to end",
            format_duration(accept_grace), format_duration(grace));
  stop_.request_stop();
  if (accept_grace > 0s) co_await net::sleep_for(accept_grace, hard_stop_);
  for (auto& worker : workers_) worker->stop_accepting();

  net::StopSource drained;
  size_t left = workers_.size();
  for (auto& worker : workers_)
    worker->drain([this, &drained, &left] {
      loop_.post([&drained, &left] {
        if (--left == 0) drained.request_stop();
      });
    });
  const TimePoint deadline = loop_.now() + grace;
  while (left > 0 && loop_.now() < deadline && !hard_stop_.stop_requested())
    if (!co_await net::sleep_until(std::min(deadline, loop_.now() + 20ms), drained)) break;
  loop_.stop();
}

}  // namespace fl::app
