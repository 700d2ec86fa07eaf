#include "app/wiring/proxy.h"

#include <fmt/format.h>
#include <sched.h>

#include <csignal>
#include <cstdio>

#include "admin/api_handler.h"
#include "admin/dashboard_handler.h"
#include "admin/internal_provider.h"
#include "admin/metrics_handler.h"
#include "admin/noop_handler.h"
#include "admin/ping_handler.h"
#include "base/log.h"
#include "base/strings.h"
#include "config/address.h"
#include "net/listener.h"
#include "telemetry/cgroup.h"

namespace fl::app {
namespace {

constexpr Duration kPatience = 3s;  // with providers that have not reported yet, before the doors open
constexpr std::initializer_list<int> kSignals{SIGINT, SIGTERM, SIGHUP, SIGUSR1};

// Cores this process may use: its affinity, and the quota of its control group (a container's CPU limit).
unsigned worker_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  auto cores = ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1U;
  if (const auto limit = telemetry::cgroup_cpu_limit())
    cores = std::min(cores, static_cast<unsigned>(std::min(*limit + 0.5, 1e6)));
  return std::max(1U, cores);
}

proxy::TransportSpec default_transport(const config::statics::ServersTransport& options) {
  return {.name = "default@internal",
          .dial_timeout = options.forwarding_timeouts.dial_timeout,
          .response_header_timeout = options.forwarding_timeouts.response_header_timeout,
          .idle_timeout = options.forwarding_timeouts.idle_conn_timeout,
          .max_idle_per_host = options.max_idle_conns_per_host == 0 ? 2 : options.max_idle_conns_per_host};
}

std::shared_ptr<const proxy::tcp::Transport> default_tcp_transport(
    const config::statics::TcpServersTransport& options) {
  auto transport = std::make_shared<proxy::tcp::Transport>();
  transport->name = "default@internal";
  transport->dial_timeout = options.dial_timeout;
  transport->keep_alive = options.dial_keep_alive;
  // Traefik: unset is what services have.
  if (options.termination_delay != 0s) transport->termination_delay = options.termination_delay;
  if (options.termination_delay < 0s) transport->termination_delay.reset();
  return transport;
}

telemetry::ConfiguredNames names_in(const proxy::RuntimeReport& report) {
  telemetry::ConfiguredNames names;
  for (const auto& [name, _] : report.routers) names.routers.insert(name);
  for (const auto* services : {&report.services, &report.tcp.services})
    for (const auto& [name, service] : *services) {
      auto& urls = names.services[name];
      for (const proxy::CheckedServer& server : service.servers) urls.insert(server.url);
    }
  return names;
}

std::vector<telemetry::CertificateGauge> certificate_gauges(const tls::CertificateStore& certificates) {
  std::vector<telemetry::CertificateGauge> out;
  for (const tls::Certificate* certificate : certificates.configured()) {
    const tls::CertificateFacts& c = certificate->facts();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(c.not_after.time_since_epoch()).count();
    out.push_back({c.common_name, c.serial, join(c.sans, ","), seconds});
  }
  return out;
}

}  // namespace

ProxyProgram::ProxyProgram(config::LoadedStatic loaded, Wiring wiring)
    : static_(std::move(loaded)),
      wiring_(std::move(wiring)),
      merger_(
          {.default_entry_points = static_.default_entry_points, .entry_points = static_.configuration.entry_points}) {}
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
  health_checker_.stop();
  while (!tasks_.idle() || !health_checker_.idle()) loop_.turn(true);
  loop_.turn(false);  // letters with snapshots that went with the last requests,
  loop_.turn(false);  // then those about slots that went with the last snapshot
  return 0;
}

Result<> ProxyProgram::start() {
  FL_TRY_VOID(open_entry_points());
  signals_.emplace(loop_, kSignals, [this](int signal) { on_signal(signal); });

  admin::Facts facts{.configuration = static_.configuration,
                     .version = FL_VERSION,
                     .codename = "fairlead",
                     .start = loop_.wall(),
                     .listening = {}};
  for (size_t i = 0; i < listeners_.size(); ++i)
    if (const auto address = net::local_address(listeners_[i]))
      facts.listening[wiring_.entry_points[i].options.name] = address->to_string();
  admin_state_ = std::make_shared<admin::State>(std::move(facts));
  if (wiring_.metrics) {
    std::vector<telemetry::EntryPointLabel> labels;
    for (const auto& entry_point : wiring_.entry_points)
      labels.push_back({.name = entry_point.options.name, .transport = entry_point.udp ? "UDP" : "TCP"});
    registry_ = std::make_unique<telemetry::Registry>(loop_, *wiring_.metrics, std::move(labels));
    registry_->set_before_scrape([this] {
      for (const auto& check : health_checks_)
        for (const proxy::CheckedServer& server : check->options().servers)
          registry_->set_server_up(check->options().service, server.url, server.is_up(loop_.now()));
    });
  }
  FL_TRY(tls_upkeep_, TlsUpkeep::create(loop_, static_.configuration.tls_server, [this] {
           if (builder_ == nullptr) return;  // the end has come
           builder_->files_changed();
           apply();
         }));
  builder_ = std::make_unique<proxy::SnapshotBuilder>(build_inputs());
  providers_ = std::make_unique<ProviderRunner>(loop_, static_.configuration, stop_, [this] { apply(); });
  FL_TRY_VOID(start_workers());
  apply();
  providers_->start(tasks_);
  // Whoever connects before there are routes waits in the backlog instead of being told that there are none.
  if (providers_->has_reported())
    accept();
  else
    tasks_.spawn(accept_later());
  tasks_.spawn(refresh_sources());
  tasks_.spawn(tls_upkeep_->run(stop_));
  tasks_.spawn(memory_watch_.run(stop_));
  if (ocsp_stapler_ != nullptr) tasks_.spawn(ocsp_stapler_->run(stop_));
  log::info("fairlead {} serves {} entry points on {} workers; configuration loaded from {}", FL_VERSION,
            wiring_.entry_points.size(), workers_.size(), static_.source);
  return {};
}

proxy::BuildInputs ProxyProgram::build_inputs() {
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
  balancer_slots_ = std::make_shared<proxy::SlotTable>(retire(balancer_slots_, &proxy::Worker::retire_lease));

  proxy::BuildInputs inputs{.entry_points = {},
                            .udp_entry_points = {},
                            .precedence = static_.configuration.providers.precedence,
                            .internal_services = {},
                            .default_transport = default_transport(static_.configuration.servers_transport),
                            .insecure_skip_verify = static_.configuration.servers_transport.insecure_skip_verify,
                            .root_cas = static_.configuration.servers_transport.root_cas,
                            .ticket_keys = tls_upkeep_->ticket_keys(),
                            .key_log_file = static_.configuration.tls_server.key_log_file,
                            .kernel_tls = static_.configuration.tls_server.kernel_tls,
                            .clock = loop_.clock(),
                            .upstream_slots = upstream_slots_,
                            .balancer_slots = balancer_slots_};
  auto tls = tls::ClientContext::create({});  // without one, https servers are not checked
  prober_ = std::make_unique<http::Fetcher>(loop_, resolver_, tls ? *std::move(tls) : nullptr);
  inputs.prober = prober_.get();
  if (const auto& ocsp = static_.configuration.ocsp) ocsp_stapler_ = std::make_unique<OcspStapler>(*prober_, *ocsp);
  inputs.resolver = &resolver_;
  inputs.default_tcp_transport = default_tcp_transport(static_.configuration.tcp_servers_transport);
  for (const auto& entry_point : wiring_.entry_points)
    (entry_point.udp ? inputs.udp_entry_points : inputs.entry_points).push_back(entry_point.options.name);
  auto& services = inputs.internal_services;
  services["noop@internal"] = std::make_shared<admin::NoopHandler>();
  if (static_.configuration.api) {
    services["api@internal"] = std::make_shared<admin::ApiHandler>(admin_state_);
    if (static_.configuration.api->dashboard)
      services["dashboard@internal"] = std::make_shared<admin::DashboardHandler>();
  }
  if (const auto& ping = static_.configuration.ping)
    services["ping@internal"] =
        std::make_shared<admin::PingHandler>(terminating_, static_cast<uint16_t>(ping->terminating_status_code));
  if (registry_ != nullptr) services["prometheus@internal"] = std::make_shared<admin::MetricsHandler>(*registry_);
  return inputs;
}

Result<> ProxyProgram::start_workers() {
  const unsigned count = worker_count();
  for (unsigned i = 0; i < count; ++i) {
    WorkerWiring wiring{.entry_points = &wiring_.entry_points,
                        .listeners = {},
                        .access_log = wiring_.access_log,
                        .request_counter = &request_counter_,
                        .metrics = wiring_.metrics,
                        .host_resolver = wiring_.host_resolver,
                        .release = [this](std::shared_ptr<const proxy::Snapshot> old) {
                          loop_.post([old = std::move(old)]() mutable { old.reset(); });
                        }};
    for (size_t entry_point = 0; entry_point < listeners_.size(); ++entry_point) {
      int fd = listeners_[entry_point];
      if (i > 0) {
        FL_TRY(fd, wiring_.entry_points[entry_point].udp ? net::bind_udp_again(fd) : net::listen_again(fd));
      }
      wiring.listeners.push_back(fd);
    }
    auto& worker = *workers_.emplace_back(std::make_unique<WorkerThread>(std::move(wiring)));
    if (registry_ != nullptr) registry_->add_worker(worker.loop(), *worker.metrics());
  }
  return {};
}

Result<> ProxyProgram::open_entry_points() {
  for (const auto& [name, entry_point] : static_.configuration.entry_points) {
    FL_TRY(const config::Address address, config::parse_address(entry_point.address));
    const net::ListenOptions options{.probe_taken = !entry_point.reuse_port};
    auto fd = address.protocol == config::Address::Protocol::udp ? net::bind_udp(address.host, address.port, options)
                                                                 : net::listen_tcp(address.host, address.port, options);
    if (!fd) return tl::make_unexpected(std::move(fd).error().context(fmt::format("entry point \"{}\"", name)));
    listeners_.push_back(*fd);
  }
  return {};
}

void ProxyProgram::accept() {
  if (std::exchange(accepting_, true)) return;
  for (auto& worker : workers_) worker->start_accepting();
}

net::Task<> ProxyProgram::accept_later() {
  if (co_await net::sleep_for(kPatience, stop_)) accept();
}

void ProxyProgram::apply() {
  std::vector<config::ProviderConfig> configurations = providers_->configurations();
  configurations.push_back(
      {std::string(admin::kInternalProvider),
       std::make_shared<const config::dynamic::Configuration>(admin::internal_configuration(static_.configuration))});
  auto merged = merger_.merge(configurations);
  std::vector<config::Issue> issues = providers_->issues();
  issues.insert(issues.end(), merged.issues.begin(), merged.issues.end());
  const auto configuration = std::make_shared<const config::dynamic::Configuration>(std::move(merged.configuration));
  auto built = builder_->build(configuration, issues);
  if (tls_upkeep_->watch(builder_->files())) {  // a file may have changed before it was watched
    builder_->files_changed();
    built = builder_->build(configuration, issues);
  }

  if (registry_ != nullptr) {
    registry_->config_applied([report = built.report] { return names_in(*report); }, loop_.wall());
    registry_->set_certificates(certificate_gauges(*built.report->tls->certificates));
  }
  if (ocsp_stapler_ != nullptr) ocsp_stapler_->serve(*built.report->tls->certificates);
  for (auto& worker : workers_) worker->publish(built.snapshot);
  health_checks_ = std::move(built.health_checks);
  health_checker_.set(health_checks_);
  built.retired.reset();  // not before: taking apart what was takes longer than putting it in place
  admin_state_->publish(built.report);
  admin_state_->set_sources(providers_->sources());
  log_news(*built.report, issues);
  if (!workers_.empty() && providers_->has_reported()) accept();
}

void ProxyProgram::log_news(const proxy::RuntimeReport& report, const std::vector<config::Issue>& issues) {
  std::set<std::string> now;
  const auto say = [&](std::string text, log::Field field, bool is_error) {
    if (!logged_.contains(text)) log::write(is_error ? log::Level::error : log::Level::warn, text, {field});
    now.insert(std::move(text));
  };
  const auto objects = [&](const auto& reports, std::string_view field) {
    for (const auto& [name, object] : reports)
      for (const std::string& error : object.errors)
        say(fmt::format("{}: {}", name, error), {field, name}, object.status == proxy::Status::disabled);
  };
  for (const auto* routers : {&report.routers, &report.tcp.routers, &report.udp.routers})
    objects(*routers, "routerName");
  for (const auto* services : {&report.services, &report.tcp.services, &report.udp.services})
    objects(*services, "serviceName");
  for (const auto* middlewares : {&report.middlewares, &report.tcp.middlewares})
    objects(*middlewares, "middlewareName");
  objects(report.tls->options, "tlsOptionsName");
  for (const config::Issue& issue : report.tls->issues)
    say(issue.to_text(), {"source", issue.path}, issue.severity == config::Severity::error);
  for (const config::Issue& issue : issues)
    if (issue.object.empty()) say(issue.to_text(), {"source", issue.where}, issue.severity == config::Severity::error);
  logged_ = std::move(now);
}

// A source may fail and recover without any change of configuration.
net::Task<> ProxyProgram::refresh_sources() {
  while (co_await net::sleep_for(1s, stop_)) admin_state_->set_sources(providers_->sources());
}

void ProxyProgram::on_signal(int signal) {
  switch (signal) {
    case SIGUSR1:
      for (auto& worker : workers_) worker->reopen_access_log();
      break;
    case SIGHUP:
      providers_->reload();
      tls_upkeep_->read_secret();
      builder_->files_changed();
      apply();
      break;
    default:
      if (terminating_.exchange(true))
        hard_stop_.request_stop();
      else
        tasks_.spawn(shut_down());
  }
}

// Ping says no at once, so that balancers before us turn away; then each entry point has the time it asks for.
net::Task<> ProxyProgram::shut_down() {
  stop_.request_stop();
  net::TaskScope entry_points;
  size_t index = 0;
  for (const auto& [name, entry_point] : static_.configuration.entry_points) {
    const config::statics::LifeCycle& limits = entry_point.transport.life_cycle;
    log::info("stopping: entry point \"{}\" accepts requests for {} more, then running ones have {} to end", name,
              format_duration(limits.request_accept_grace_timeout), format_duration(limits.grace_time_out));
    entry_points.spawn(shut_down(index++, limits));
  }
  co_await entry_points.join();
  loop_.stop();
}

// The door is closed after a while; then running requests end, or are cut.
net::Task<> ProxyProgram::shut_down(size_t entry_point, config::statics::LifeCycle limits) {
  if (limits.request_accept_grace_timeout > 0s)
    co_await net::sleep_for(limits.request_accept_grace_timeout, hard_stop_);

  struct Drained {
    size_t left;
    net::StopSource all;
  };
  const auto drained = std::make_shared<Drained>(workers_.size());  // a worker may be ready only after we have given up
  for (auto& worker : workers_)
    worker->drain(entry_point, [this, drained] {
      loop_.post([drained] {
        if (--drained->left == 0) drained->all.request_stop();
      });
    });
  const TimePoint deadline = loop_.now() + limits.grace_time_out;
  while (drained->left > 0 && loop_.now() < deadline && !hard_stop_.stop_requested())
    if (!co_await net::sleep_until(std::min(deadline, loop_.now() + 20ms), drained->all)) break;
  if (drained->left > 0)
    for (auto& worker : workers_) worker->cut(entry_point);
}

}  // namespace fl::app
