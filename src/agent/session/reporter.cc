#include "agent/session/reporter.h"

#include <algorithm>

#include "base/log.h"

namespace fl::agent::session {
namespace {

constexpr Duration kFirstWait = 200ms, kLongestWait = 30s;
constexpr size_t kMaxReason = 1024;  // of AWS's

using task::ContainerRecord;
using task::Phase;
using task::TaskStatus;

std::vector<ecs::NetworkBinding> bindings_of(const ContainerRecord& container) {
  std::vector<ecs::NetworkBinding> out;
  for (const engine::PortBinding& binding : container.bindings) {
    ecs::NetworkBinding shape;
    shape.bind_ip = binding.bind_ip;
    shape.container_port = binding.container_port;
    shape.host_port = binding.host_port;
    shape.protocol = binding.udp ? "udp" : "tcp";
    out.push_back(std::move(shape));
  }
  // A container without ports tells its address all the same: of a binding that has none (ecs/agent_protocol.h).
  if (out.empty() && !container.address.empty()) out.emplace_back().bind_ip = container.address;
  return out;
}

ecs::ContainerStateChange change_of(const ContainerRecord& container, const std::string& name, std::string status) {
  ecs::ContainerStateChange change;
  change.container_name = name;
  if (!container.runtime_id.empty()) change.runtime_id = container.runtime_id;
  change.network_bindings = bindings_of(container);
  if (status == "STOPPED") {
    change.exit_code = container.exit_code;
    if (!container.reason.empty()) change.reason = container.reason.substr(0, kMaxReason);
  }
  change.status = std::move(status);
  return change;
}

}  // namespace

StateChange state_change(const task::Machine& machine, const std::string& cluster) {
  StateChange out;
  ecs::SubmitTaskStateChangeRequest& request = out.request;
  const TaskStatus status = machine.status();
  out.told.task = status;
  request.cluster = cluster;
  request.task = machine.spec().arn;
  request.status = to_text(status);
  request.containers.emplace();
  for (size_t i = 0; i < machine.containers().size(); ++i) {
    const ContainerRecord& container = machine.containers()[i];
    const std::string& name = machine.spec().containers[i].name;
    const bool has_ended = container.phase == Phase::stopped;
    // One that came and went is told of as both.
    const bool tells_running = container.ran && !container.running_reported;
    const bool tells_stopped = has_ended && !container.stopped_reported;
    if (tells_running) request.containers->push_back(change_of(container, name, "RUNNING"));
    if (tells_stopped) request.containers->push_back(change_of(container, name, "STOPPED"));
    out.told.containers.emplace_back(tells_running, tells_stopped);
  }
  // The control plane knows why it asked for a stop; what it cannot know is why a task failed by itself.
  request.reason = status == TaskStatus::stopped ? machine.stop_reason().substr(0, kMaxReason) : "";
  request.pull_started_at = machine.pull_started_at;
  request.pull_stopped_at = machine.pull_stopped_at;
  if (status == TaskStatus::stopped) request.execution_stopped_at = machine.execution_stopped_at;
  return out;
}

void StateReporter::notify(task::Runner& runner) {
  if (!runner.has_news() || std::ranges::find(waiting_, &runner) != waiting_.end()) return;
  waiting_.push_back(&runner);
  if (bell_ != nullptr) bell_->request_stop();
}

void StateReporter::forget(task::Runner& runner) {
  std::erase(waiting_, &runner);
  if (current_ == &runner) current_ = nullptr;
}

net::Task<> StateReporter::run(net::StopSource& stop) {
  struct Forward final : net::StopWaiter {
    net::StopSource& to;
    explicit Forward(net::StopSource& t) : to(t) {}
    void on_stop() noexcept override { to.request_stop(); }
  };
  Backoff backoff(kFirstWait, kLongestWait);
  while (!stop.stop_requested()) {
    if (waiting_.empty()) {
      net::StopSource bell;
      Forward forward(bell);
      stop.hook(forward);
      bell_ = &bell;
      co_await net::sleep_until(net::Stream::kNever, bell);
      bell_ = nullptr;
      continue;
    }
    task::Runner& runner = *waiting_.front();
    waiting_.pop_front();
    if (!runner.has_news()) continue;
    if (co_await report(runner)) {
      backoff.reset();
      continue;
    }
    co_await net::sleep_for(backoff.next(), stop);
  }
}

// -> whether the next one may be told of at once; false: the control plane is not to be reached for now
net::Task<bool> StateReporter::report(task::Runner& runner) {
  StateChange change = state_change(runner.machine(), instance_.cluster);
  const std::string arn = runner.spec().arn;
  current_ = &runner;
  const auto answer = co_await control_plane_.call<ecs::op::SubmitTaskStateChange>(std::move(change.request));
  const bool is_there = std::exchange(current_, nullptr) != nullptr;
  // What is wrong stays wrong: it is left out, as the genuine agent does. All else is tried again.
  const bool is_refused = !answer && (answer.error().code == Code::invalid || answer.error().code == Code::not_found);
  if (!answer && answer.error().code != Code::canceled)
    log::warn("{} of {}: {}", is_refused ? "the control plane refuses the state" : "cannot report the state", arn,
              answer.error().message);
  if (!is_there) co_return true;
  if (!answer && !is_refused) {
    waiting_.push_front(&runner);
    co_return false;
  }
  runner.mark_reported(change.told);
  notify(runner);  // what has happened since
  co_return true;
}

}  // namespace fl::agent::session
