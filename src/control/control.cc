#include "control/control.h"

#include <fmt/format.h>

#include <future>
#include <optional>
#include <thread>

#include "base/log.h"
#include "config/address.h"
#include "control/agents/agent_handler.h"
#include "control/api/front.h"
#include "control/auth/authenticator.h"
#include "control/runner/capacities.h"
#include "control/runner/runner.h"
#include "control/state/writer.h"
#include "control/store/sqlite_store.h"
#include "control/watch/watch_handler.h"
#include "http/server.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stop.h"

namespace fl::control {
namespace {

constexpr Duration kPatience = 5s;  // with requests that run when we stop

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto ip = net::IpAddress::parse(host);
  return ip && ip->is_loopback();
}

http::ConnectionInfo describe(const net::SocketAddress& peer, const net::SocketAddress& local) {
  http::ConnectionInfo info;
  info.peer = peer;
  info.local = local;
  info.peer_ip_size = static_cast<uint8_t>(peer.ip.write(info.peer_ip));
  return info;
}

// A thread with a loop. `start` runs on it before run() returns, `end` after its loop has stopped.
class LoopThread {
 public:
  void run(std::function<void()> start, std::function<void()> end) {
    std::promise<void> ready;
    thread_ = std::thread([this, &ready, start = std::move(start), end = std::move(end)] {
      loop.make_current();
      start();
      ready.set_value();
      loop.run();
      end();
    });
    ready.get_future().wait();
  }
  void join() {
    if (!thread_.joinable()) return;
    loop.stop();
    thread_.join();
  }

  net::Loop loop;

 private:
  std::thread thread_;
};

}  // namespace

std::vector<config::Issue> check_options(const config::statics::Control& options) {
  std::vector<config::Issue> issues;
  const auto complain = [&issues](std::string_view option, std::string text) {
    issues.push_back({.path = std::string(option), .text = std::move(text)});
  };
  const auto address = config::parse_address(options.address);
  if (!address || address->protocol != config::Address::Protocol::tcp)
    complain("address", fmt::format("\"{}\" is no HOST:PORT", options.address));
  if (!auth::is_account_id(options.account_id))
    complain("account-id", fmt::format("\"{}\" is not 12 digits", options.account_id));
  if (options.region.empty()) complain("region", "must not be empty");
  if (options.lost_after < Duration(0)) complain("lost-after", "must not be negative");
  if (options.drain_delay < Duration(0)) complain("drain-delay", "must not be negative");
  if (options.auth != "any" && options.auth != "keys")
    complain("auth", fmt::format("\"{}\" is neither any nor keys", options.auth));
  if (options.auth == "any" && address && !is_loopback(address->host))
    complain("auth", fmt::format("any takes every signature, so it is for this machine alone: {} can be reached from "
                                 "elsewhere. Use --auth=keys --keys=FILE, or an address of 127.0.0.0/8 or [::1]",
                                 options.address));
  if (options.auth == "keys" && options.keys.empty()) complain("keys", "--auth=keys needs --keys=FILE");
  if (options.auth == "any" && !options.keys.empty()) complain("keys", "is only read with --auth=keys");
  if (const auto level = log::parse_level(options.log_level); !level) complain("log-level", level.error().message);
  return issues;
}

class ControlPlane::Running {
 public:
  explicit Running(const config::statics::Control& options) : options_(options) {}

  ~Running() {
    api_.join();
    control_.join();
  }

  Result<> start() {
    const auto address = config::parse_address(options_.address);
    if (!address) return tl::make_unexpected(address.error());
    FL_TRY(store_, store::SqliteStore::open({options_.data, options_.account_id}));
    FL_TRY(auto seal, auth::read_or_make_seal(options_.data + "/temporary-keys.secret"));
    temporary_ = std::make_shared<const auth::TemporaryKeys>(std::move(seal));
    FL_TRY(auto authenticator, make_authenticator());
    FL_TRY(const int fd, net::listen_tcp(address->host, address->port));
    local_ = net::local_address(fd).value_or(net::SocketAddress{});
    endpoint_ = options_.endpoint.empty() ? "http://" + local_.to_string() : options_.endpoint;

    Result<> loaded;
    control_.run([&] { load(loaded); }, [this] { end_control(); });
    if (!loaded) return loaded;
    api_.run([&] { serve(fd, std::move(authenticator)); }, [this] { end_api(); });
    log::info("fairlead control serves {}: account {}, region {}, auth {}, state in {}, revision {}", endpoint_,
              options_.account_id, options_.region, options_.auth, options_.data, writer_->view()->revision());
    return {};
  }

  const std::string& endpoint() const { return endpoint_; }

  Result<> reload_keys() {
    FL_TRY(auto authenticator, make_authenticator());
    api_.loop.post([this, made = std::move(authenticator)]() mutable { front_->set_authenticator(std::move(made)); });
    return {};
  }

  void stop() {
    std::promise<void> drained;
    api_.loop.post([this, &drained] {
      listener_.reset();
      server_->drain();
      agents_->end_all();
      watch_->end_all();
      net::spawn(wait_for_connections(drained));
    });
    drained.get_future().wait();
    api_.join();
    control_.join();
  }

 private:
  Result<auth::Authenticator> make_authenticator() const {
    if (options_.auth == "any") return auth::Authenticator::any(options_.account_id, options_.region, temporary_);
    FL_TRY(auto keys, auth::KeyFile::read(options_.keys, options_.account_id));
    return auth::Authenticator::with_keys(std::move(keys), temporary_);
  }

  // ---- control thread
  void load(Result<>& result) {
    // The store does not wait, so this ends at once.
    net::spawn(load_view(*this, result));
  }
  static net::Task<> load_view(Running& running, Result<>& result) {
    auto view = co_await state::load_view(*running.store_);
    if (view)
      running.follow(*std::move(view));
    else
      result = tl::make_unexpected(std::move(view).error());
  }
  void follow(std::shared_ptr<const state::View> view) {
    writer_.emplace(control_.loop, *store_, std::move(view));
    writer_->set_capacities(&capacities_);
    links_.emplace(*writer_);
    watch_hub_.emplace(*writer_, options_.drain_delay);
    runner_.emplace(*writer_, runner::RunnerOptions{.lost_after = lost_after()});
    runner_->start();
    while (!writer_->idle()) control_.loop.turn(true);  // what is served is up to date
  }
  std::optional<Duration> lost_after() const {
    if (options_.strict || options_.lost_after == 0s) return std::nullopt;
    return options_.lost_after;
  }
  void end_control() {
    if (!writer_) return;
    writer_->close();
    while (!writer_->idle()) control_.loop.turn(true);
    runner_.reset();
    watch_hub_.reset();
  }

  // ---- API thread
  void serve(int fd, auth::Authenticator authenticator) {
    front_ = std::make_unique<api::Front>(
        *writer_, std::move(authenticator),
        api::ServerSettings{options_.region, options_.account_id, endpoint_, options_.strict, temporary_});
    agents_ = std::make_unique<agents::AgentHandler>(*front_, *writer_, *links_, temporary_);
    front_->add_path(std::string(agents::AgentHandler::kAcsPath), *agents_);
    front_->add_path(std::string(agents::AgentHandler::kTcsPath), *agents_);
    watch_ = std::make_unique<watch::WatchHandler>(*front_, *watch_hub_);
    front_->add_path(std::string(watch::WatchHandler::kPath), *watch_);
    server_ = std::make_unique<http::Server>(api_.loop, http::ServerOptions{}, *front_);
    listener_ = std::make_unique<net::Listener>(api_.loop, fd, [this](int accepted, const net::SocketAddress& peer) {
      server_->serve(std::make_unique<net::TcpStream>(api_.loop, accepted), describe(peer, local_));
    });
  }
  net::Task<> wait_for_connections(std::promise<void>& drained) {
    const TimePoint patience = api_.loop.now() + kPatience;
    while (server_->connections() > 0 && api_.loop.now() < patience) co_await net::sleep_for(10ms, never_);
    drained.set_value();
  }
  // What is left is cut off; its coroutines end in the turns that follow, writes among them when they are answered.
  void end_api() {
    listener_.reset();
    while (server_ != nullptr && server_->connections() > 0) {
      server_->close_all();
      api_.loop.turn(true);
    }
    server_.reset();
    front_.reset();
    agents_.reset();
    watch_.reset();
  }

  const config::statics::Control options_;
  std::string endpoint_;
  net::SocketAddress local_;
  std::shared_ptr<const auth::TemporaryKeys> temporary_;
  std::unique_ptr<store::SqliteStore> store_;
  LoopThread control_, api_;
  net::StopSource never_;
  // Of the control thread.
  runner::Capacities capacities_;
  std::optional<state::Writer> writer_;
  std::optional<agents::Links> links_;
  std::optional<watch::WatchHub> watch_hub_;
  std::optional<runner::Runner> runner_;
  // Of the API thread.
  std::unique_ptr<api::Front> front_;
  std::unique_ptr<agents::AgentHandler> agents_;
  std::unique_ptr<watch::WatchHandler> watch_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<net::Listener> listener_;
};

ControlPlane::ControlPlane(std::unique_ptr<Running> running) : running_(std::move(running)) {}
ControlPlane::~ControlPlane() = default;

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(const config::statics::Control& options) {
  auto running = std::make_unique<Running>(options);
  FL_TRY_VOID(running->start());
  return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(running)));
}

const std::string& ControlPlane::endpoint() const { return running_->endpoint(); }
Result<> ControlPlane::reload_keys() { return running_->reload_keys(); }
void ControlPlane::stop() { running_->stop(); }

}  // namespace fl::control
