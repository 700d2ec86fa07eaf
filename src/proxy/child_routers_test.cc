// Multi-layer routing as clients see it.
#include "proxy/child_routers.h"

#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

class ChildRoutersTest : public ProxyForTest {
 protected:
  ChildRoutersTest() {
    configuration = all_to({origin.url()});
    auto& http = configuration.http;
    http.middlewares["role@file"].headers.emplace().custom_request_headers = {{"X-Role", "admin"}};
    http.middlewares["strip@file"].strip_prefix = config::dynamic::StripPrefix{.prefixes = {"/api"}};
    http.routers["all@file"] = {
        .entry_points = {"web"}, .middlewares = {"role@file", "strip@file"}, .rule = "PathPrefix(`/api`)"};
    http.routers["admin@file"] = {
        .service = "app@file", .rule = "Path(`/a`) && Header(`X-Role`, `admin`)", .parent_refs = {"all@file"}};
    http.routers["deep@file"] = {.rule = "PathPrefix(`/deep`)", .parent_refs = {"all@file"}};
    http.routers["deepest@file"] = {
        .service = "app@file", .rule = "Method(`PUT`) && Host(`h`)", .parent_refs = {"deep@file"}};
  }
  // -> the status the client got; the record tells the rest
  uint16_t ask(const std::string& start) {
    if (!client) client = connect();
    client->send(start + " HTTP/1.1\r\nHost: H:80\r\nX-Role: guest\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(turn_until([&] {
      if (!server && origin.has_connection()) server = origin.take_connection();
      if (server && server->received.contains("\r\n\r\n")) {
        head = server->take();
        server->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }
      return client->received.contains("\r\n\r\n");
    }));
    quiesce();
    return static_cast<uint16_t>(std::stoi(client->take().substr(9)));
  }

  testing::Origin origin{loop};
  Configuration configuration;
  std::unique_ptr<Peer> client, server;
  std::string head;
};

TEST_F(ChildRoutersTest, TheRequestAsTheParentLeftItDecides) {
  const auto built = publish(configuration);
  for (const auto& [name, report] : built.report->routers) EXPECT_EQ(report.status, Status::enabled) << name;
  EXPECT_EQ(ask("GET /api/a"), 200);
  EXPECT_TRUE(head.starts_with("GET /a HTTP/1.1\r\n")) << head;
  EXPECT_EQ(records.back().router, "admin@file");
  EXPECT_EQ(records.back().router_path, "all@file -> admin@file");
  EXPECT_EQ(ask("PUT /api/deep/x"), 200);
  EXPECT_EQ(records.back().router_path, "all@file -> deep@file -> deepest@file");
  EXPECT_EQ(ask("GET /api/deep/x"), 404);
  EXPECT_EQ(ask("GET /api/b"), 404);
  EXPECT_EQ(ask("GET /a"), 404) << "children are reached through their parents only";
}

TEST_F(ChildRoutersTest, ChangesOfChildrenReachTheirParents) {
  const auto first = publish(configuration);
  EXPECT_EQ(ask("GET /api/b"), 404);
  const auto same = publish(configuration);
  const auto handler = [](const BuildResult& built) { return built.snapshot->entry_points[0].http.routers.at(0); };
  EXPECT_EQ(handler(same), handler(first)) << "nothing has changed";
  configuration.http.routers["admin@file"].rule = "Path(`/b`)";
  publish(configuration);
  EXPECT_EQ(ask("GET /api/b"), 200);
  EXPECT_EQ(ask("GET /api/a"), 404);
  configuration.http.routers["deepest@file"].rule = "Method(`GET`)";
  publish(configuration);
  EXPECT_EQ(ask("GET /api/deep/x"), 200);
  // One child that is wrong leaves the others in service; all of them, and the parent has nothing to offer.
  configuration.http.routers["admin@file"].rule = "Nonsense(`x`)";
  EXPECT_EQ(publish(configuration).report->routers.at("admin@file").status, Status::disabled);
  EXPECT_EQ(ask("GET /api/b"), 404);
  EXPECT_EQ(ask("GET /api/deep/x"), 200);
  configuration.http.routers["deepest@file"].service = "nobody@file";
  const auto broken = publish(configuration);
  EXPECT_EQ(broken.report->routers.at("all@file").errors.at(0),
            "building child routers muxer: no child routers could be added to muxer (2 skipped)");
  EXPECT_EQ(ask("GET /api/deep/x"), 404);
}

}  // namespace
}  // namespace fl::proxy
