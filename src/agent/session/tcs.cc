#include "agent/session/tcs.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/session/message_id.h"
#include "base/log.h"
#include "ecs/shape.h"

namespace fl::agent::session {
namespace {

using namespace ecs::agent;

constexpr Duration kInterval = 20s;
constexpr size_t kTasksAMessage = 10;  // as amazon-ecs-agent

// A StopSource that passes on another's stop as well.
struct Forward final : net::StopWaiter {
  net::StopSource& to;
  explicit Forward(net::StopSource& t) : to(t) {}
  void on_stop() noexcept override { to.request_stop(); }
};

// Calls f(slice, is_last) at least once.
template <class T, class F>
net::Task<> in_slices(std::vector<T> all, F f) {
  size_t begin = 0;
  do {
    const size_t end = std::min(begin + kTasksAMessage, all.size());
    std::vector<T> slice(all.begin() + static_cast<ptrdiff_t>(begin), all.begin() + static_cast<ptrdiff_t>(end));
    begin = end;
    co_await f(std::move(slice), begin == all.size());
  } while (begin < all.size());
}

}  // namespace

net::Task<Result<std::string>> TcsChannel::endpoint() {
  FL_CO_TRY(const ecs::DiscoverPollEndpointResponse answer,
            co_await control_plane_.call<ecs::op::DiscoverPollEndpoint>(
                {.container_instance = instance_.arn, .cluster = instance_.cluster}));
  if (!answer.telemetry_endpoint) co_return fail(Code::unavailable, "DiscoverPollEndpoint names no telemetry endpoint");
  endpoint_ = *answer.telemetry_endpoint;
  co_return endpoint_;
}

QueryItems TcsChannel::query() const {
  return {{"agentHash", instance_.agent_hash},
          {"agentVersion", instance_.agent_version},
          {"cluster", instance_.cluster},
          {"containerInstance", instance_.arn},
          {"dockerVersion", instance_.engine_version}};
}

void TcsChannel::on_health_changed() {
  health_changed_ = true;
  if (bell_ != nullptr) bell_->request_stop();
}

net::Task<Error> TcsChannel::serve(http::WebSocket& socket) {
  since_ = control_plane_.fetcher().loop().wall();
  net::StopSource ended;
  net::TaskScope publisher;
  publisher.spawn(publish(socket, ended));
  Error why;
  while (true) {
    auto message = co_await socket.receive();
    if (!message) {
      why = std::move(message).error();
      break;
    }
    const auto envelope = parse_envelope(message->data);
    if (envelope && envelope->type.ends_with("Exception")) {
      why = {Code::unavailable, fmt::format("{}: {}", envelope->type, envelope->message.string_at("message"))};
      break;
    }
    // Acks and heartbeats say no more than that the connection lives.
  }
  ended.request_stop();
  co_await publisher.join();
  co_return why;
}

net::Task<> TcsChannel::publish(http::WebSocket& socket, net::StopSource& ended) {
  TimePoint next = control_plane_.fetcher().loop().now();
  while (!ended.stop_requested()) {
    const bool is_due = control_plane_.fetcher().loop().now() >= next;
    health_changed_ = false;
    co_await publish_health(socket);
    if (is_due) {
      co_await publish_metrics(socket);
      co_await publish_status(socket);
      next = control_plane_.fetcher().loop().now() + kInterval;
    }
    if (health_changed_ || ended.stop_requested()) continue;
    net::StopSource bell;
    Forward forward(bell);
    ended.hook(forward);
    bell_ = &bell;
    co_await net::sleep_until(next, bell);
    bell_ = nullptr;
  }
}

net::Task<> TcsChannel::send(http::WebSocket& socket, std::string body) {
  auto signed_text = co_await control_plane_.sign_telemetry(endpoint_, query(), std::move(body));
  if (!signed_text)
    log::warn("TCS: cannot sign: {}", signed_text.error().message);
  else
    socket.send_text(*signed_text);
}

net::Task<> TcsChannel::publish_health(http::WebSocket& socket) {
  std::vector<TaskHealth> all = source_.task_health();
  if (all.empty()) co_return;
  const std::string id = new_message_id();
  const auto one = [&](std::vector<TaskHealth> tasks, bool is_last) {
    return send(socket, to_text(PublishHealthRequest{HealthMetadata{instance_.cluster, instance_.arn, is_last, id},
                                                     std::move(tasks), control_plane_.fetcher().loop().wall()}));
  };
  co_await in_slices(std::move(all), one);
}

net::Task<> TcsChannel::publish_metrics(http::WebSocket& socket) {
  std::vector<TaskMetric> all = co_await source_.task_metrics();
  const std::string id = new_message_id();
  const bool is_idle = all.empty();
  const auto one = [&](std::vector<TaskMetric> tasks, bool is_last) {
    return send(socket,
                to_text(PublishMetricsRequest{MetricsMetadata{instance_.cluster, instance_.arn, is_last, is_idle, id},
                                              is_idle ? std::nullopt : std::optional(std::move(tasks)),
                                              control_plane_.fetcher().loop().wall()}));
  };
  co_await in_slices(std::move(all), one);
}

net::Task<> TcsChannel::publish_status(http::WebSocket& socket) {
  const WallTime now = control_plane_.fetcher().loop().wall();
  co_await send(socket, to_text(PublishInstanceStatusRequest{
                            InstanceStatusMetadata{instance_.cluster, instance_.arn, new_message_id()},
                            std::vector{InstanceStatus{"ContainerRuntime", "OK", now, since_}}, now}));
}

}  // namespace fl::agent::session
