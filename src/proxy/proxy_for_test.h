// For tests: a worker with one entry point on the test's loop, in front of scripted origins. Clients and origins are
// peers of tests/support; requests pass everything they pass in the program but the accepting socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/dynamic/configuration.h"
#include "http/server.h"
#include "proxy/entry_point.h"
#include "proxy/forward/upstream.h"
#include "proxy/snapshot_builder.h"
#include "proxy/worker.h"
#include "support/loop_fixture.h"

namespace fl::proxy {

class ProxyForTest : public testing::LoopFixture {
 protected:
  using Peer = testing::Peer;
  using Configuration = config::dynamic::Configuration;

  struct Record {  // of a request that has ended
    uint16_t status, origin_status;
    uint64_t request_bytes, response_bytes, origin_bytes;
    std::string router, router_path, service, server_url, path, origin_error;
  };

  ProxyForTest() {
    entry_point.name = "web";
    entry_point.server_name = "proxy.test";
    worker.set_on_record([this](const telemetry::RequestRecord& r) {
      records.push_back({r.status, r.origin_status, r.request_bytes, r.response_bytes, r.origin_bytes,
                         std::string(r.router), std::string(r.router_path), std::string(r.service),
                         std::string(r.server_url), std::string(r.path), std::string(r.origin_error)});
    });
  }
  ~ProxyForTest() override {
    if (server) server->close_all();
    worker.detached_requests().cancel();
    worker.close_upstreams();
    quiesce();
    if (server) EXPECT_EQ(server->connections(), 0U);
  }

  // Every request goes to the service app@file with these servers.
  static Configuration all_to(const std::vector<std::string>& urls) {
    Configuration out;
    out.http.routers["all@file"] = {.entry_points = {"web"}, .service = "app@file", .rule = "PathPrefix(`/`)"};
    config::dynamic::LoadBalancer balancer;
    for (const std::string& url : urls) balancer.servers.push_back({.url = url});
    out.http.services["app@file"].load_balancer = std::move(balancer);
    return out;
  }

  BuildResult publish(const Configuration& configuration) {
    if (!builder)
      builder.emplace(BuildInputs{.entry_points = {"web"},
                                  .udp_entry_points = {},
                                  .precedence = {},
                                  .internal_services = {},
                                  .default_transport = transport,
                                  .upstream_slots = slots(&Worker::retire_upstream),
                                  .balancer_slots = slots(&Worker::retire_lease)});
    BuildResult built = builder->build(std::make_shared<const Configuration>(configuration), {});
    worker.publish(built.snapshot);
    return built;
  }

  std::unique_ptr<Peer> connect(std::string_view ip = "10.0.0.9") {
    if (!door) door.emplace(entry_point, worker);
    if (!server) server.emplace(loop, options, *door);
    auto [stream, peer] = make_pair();
    http::ConnectionInfo info;
    info.peer.ip = *net::IpAddress::parse(ip);
    info.peer_ip_size = static_cast<uint8_t>(info.peer.ip.write(info.peer_ip));
    server->serve(std::move(stream), info);
    return std::move(peer);
  }

  // The next connection is served with the options as they are then.
  void stop_serving() {
    if (server) server->close_all();
    quiesce();
    server.reset();
    door.reset();
  }

  bool ended_as(uint16_t status) {
    if (!turn_until([&] { return !records.empty(); })) return false;
    EXPECT_EQ(records.back().status, status);
    return records.back().status == status;
  }

  TransportSpec transport{.name = "default@internal"};
  EntryPointOptions entry_point;
  http::ServerOptions options;
  std::vector<Record> records;
  Worker worker{loop};
  std::optional<SnapshotBuilder> builder;
  std::optional<EntryPoint> door;
  std::optional<http::Server> server;

 private:
  // As the program does it: cleared at the worker by letter, then free again.
  std::shared_ptr<SlotTable> slots(void (Worker::*clear)(uint32_t)) {
    auto self = std::make_shared<std::weak_ptr<SlotTable>>();
    auto table = std::make_shared<SlotTable>([this, self, clear](uint32_t slot) {
      loop.post([this, self, clear, slot] {
        (worker.*clear)(slot);
        if (const auto alive = self->lock()) alive->recycle(slot);
      });
    });
    *self = table;
    return table;
  }
};

}  // namespace fl::proxy
