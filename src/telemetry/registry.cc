#include "telemetry/registry.h"

#include <algorithm>
#include <coroutine>
#include <memory>
#include <utility>

namespace fl::telemetry {
namespace {

using Key = SeriesKey<std::string>;

bool is_configured(const ConfiguredNames& names, const Key& key) {
  const auto known = [&](std::string_view service) { return service.empty() || names.services.contains(service); };
  return (key[Key::router].empty() || names.routers.contains(key[Key::router])) && known(key[Key::router_service]) &&
         known(key[Key::service]);
}

}  // namespace

Registry::Registry(net::Loop& main, MetricsOptions options, std::vector<EntryPointLabel> entry_points)
    : main_(main), options_(std::move(options)), entry_points_(std::move(entry_points)) {}

void Registry::config_applied(std::function<ConfiguredNames()> names, WallTime now) {
  names_ = std::move(names);
  ++gauges_.config_reloads;
  gauges_.last_reload_success = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

void Registry::set_server_up(std::string_view service, std::string_view url, bool up) {
  gauges_.server_up[{std::string(service), std::string(url)}] = up;
}

net::Task<std::string> Registry::render() {
  struct Page {
    Registry& registry;
    std::string text{};

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) {
      net::Loop& home = net::Loop::current();
      registry.main_.post([this, caller, &home] {
        registry.start([this, caller, &home](std::string page) {
          text = std::move(page);
          home.post([caller] { caller.resume(); });
        });
      });
    }
    std::string await_resume() { return std::move(text); }
  };
  co_return co_await Page{*this};
}

void Registry::start(Done done) {
  if (before_scrape_) before_scrape_();
  auto scrape =
      std::make_shared<Scrape>(std::vector<MetricsSnapshot>(workers_.size()), workers_.size(), std::move(done));
  if (workers_.empty()) return finish(*scrape);
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i].loop->post([this, scrape, i, metrics = workers_[i].metrics] {
      main_.post([this, scrape, i, part = metrics->snapshot()]() mutable {
        scrape->parts[i] = std::move(part);
        if (--scrape->missing == 0) finish(*scrape);
      });
    });
  }
}

void Registry::finish(Scrape& scrape) {
  gauges_.process = ProcessStats::read();
  std::string page = to_prometheus_text(options_, entry_points_, scrape.parts, gauges_);
  if (names_) configured_ = std::make_shared<const ConfiguredNames>(std::exchange(names_, nullptr)());
  if (configured_ != nullptr) forget_removed(scrape.parts);
  scrape.done(std::move(page));
}

void Registry::forget_removed(const std::vector<MetricsSnapshot>& parts) {
  std::erase_if(gauges_.server_up, [&](const auto& server) {
    const auto service = configured_->services.find(server.first.first);
    return service == configured_->services.end() || !service->second.contains(server.first.second);
  });
  for (size_t i = 0; i < parts.size(); ++i) {
    if (std::ranges::all_of(parts[i].keys, [&](const auto& key) { return is_configured(*configured_, *key); }))
      continue;
    workers_[i].loop->post([metrics = workers_[i].metrics, names = configured_] { metrics->forget_others(*names); });
  }
}

}  // namespace fl::telemetry
