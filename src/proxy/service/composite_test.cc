// Services made of others, as clients and servers see them: failover and mirroring.
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view kBusy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

class Composite : public ProxyForTest {
 protected:
  // app@file is to be set; first@file and second@file have a server each.
  Configuration two_services() {
    Configuration configuration = all_to({});
    auto& services = configuration.http.services;
    services["first@file"] = all_to({first.url()}).http.services["app@file"];
    services["second@file"] = all_to({second.url()}).http.services["app@file"];
    services["app@file"] = {};
    return configuration;
  }
  static config::dynamic::Failover& failover(Configuration& c) {
    auto& made = c.http.services["app@file"].failover.emplace();
    made.service = "first@file";
    made.fallback = "second@file";
    return made;
  }
  static config::dynamic::Mirroring& mirroring(Configuration& c, int64_t percent) {
    auto& made = c.http.services["app@file"].mirroring.emplace();
    made.service = "first@file";
    made.mirrors = {{.name = "second@file", .percent = percent}};
    return made;
  }
  void check(Configuration& c, const std::string& service) {
    c.http.services[service].load_balancer->health_check.emplace().path = "/";
  }
  void send(const std::string& request) {
    if (!client) client = connect();
    client->send(request);
  }
  // The next request at the server's (kept) connection.
  std::string request_at(testing::Origin& origin, std::unique_ptr<Peer>& server, std::string_view body = "") {
    if (!server) server = accept_at(origin);
    std::string head = receive_head(*server);
    if (!body.empty()) EXPECT_EQ(receive_until(*server, body), body);
    return head;
  }
  std::string answer(std::string_view body) {
    const std::string head = receive_head(*client);
    EXPECT_EQ(receive_until(*client, body), body);
    return head;
  }
  bool is_quiet(testing::Origin& origin, const std::unique_ptr<Peer>& server) {
    quiesce();
    return !origin.has_connection() && (!server || server->received.empty());
  }

  testing::Origin first{loop}, second{loop};
  std::unique_ptr<Peer> client, first_server, second_server;
};

TEST_F(Composite, FailoverFollowsHealth) {
  auto configuration = two_services();
  failover(configuration).health_check.emplace();
  check(configuration, "first@file");
  check(configuration, "second@file");
  const auto built = publish(configuration);
  const auto set_up = [&built](std::string_view service, bool up) {
    built.report->services.at(service).servers.at(0).health->set_up(up);
  };
  send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(request_at(first, first_server).starts_with("GET /a "));
  first_server->send(kOk);
  answer("ok");
  set_up("first@file", false);
  send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(request_at(second, second_server).starts_with("GET /b "));
  second_server->send(kOk);
  answer("ok");
  set_up("second@file", false);
  send("GET /c HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(answer("Service Unavailable\n").starts_with("HTTP/1.1 503 "));
  set_up("first@file", true);
  send("GET /d HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(request_at(first, first_server).starts_with("GET /d "));
  first_server->send(kOk);
  answer("ok");
}

TEST_F(Composite, FailoverByStatus) {
  auto configuration = two_services();
  auto& errors = failover(configuration).errors.emplace();
  errors.status = {"500-504"};
  errors.max_request_body_bytes = 4;
  EXPECT_EQ(publish(configuration).report->services.at("app@file").status, Status::enabled);
  for (int i = 0; i < 2; ++i) {
    send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    EXPECT_EQ(request_at(first, first_server, "body").find("10.0.0.9, "), std::string::npos);
    first_server->send(kBusy);
    const std::string head = request_at(second, second_server, "body");
    EXPECT_TRUE(head.starts_with("POST /a ")) << head;
    EXPECT_EQ(head.find("10.0.0.9, "), head.npos) << "X-Forwarded-For grows: " << head;
    second_server->send(kOk);
    EXPECT_TRUE(answer("ok").starts_with("HTTP/1.1 200 "));
  }
  send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  request_at(first, first_server);
  first_server->send("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_TRUE(answer("no").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(is_quiet(second, second_server));

  send("POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nlarge");
  EXPECT_TRUE(answer("Request body too large\n").starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(is_quiet(first, first_server));
}

TEST_F(Composite, FailoverNeedsAReason) {
  auto configuration = two_services();
  auto& options = failover(configuration);
  const auto error = [&] { return publish(configuration).report->services.at("app@file").errors.at(0); };
  EXPECT_EQ(error(),
            "cannot register first@file as updater for app@file: healthCheck not enabled in config for this service");
  options.errors.emplace().status = {"5xx"};
  EXPECT_EQ(error(), "\"5xx\" is neither a status code nor a range such as 500-599");
  options.errors->status = {"500"};
  options.fallback = "app@file";
  EXPECT_EQ(error(), "the service \"app@file\" contains itself");
  options.fallback = "nobody@file";
  EXPECT_EQ(error(), "the service \"nobody@file\" does not exist");
}

TEST_F(Composite, MirrorsGetTheirShare) {
  auto configuration = two_services();
  mirroring(configuration, 40);
  publish(configuration);
  int mirrored = 0;
  for (int i = 0; i < 10; ++i) {
    send("POST /a HTTP/1.1\r\nHost: h\r\nX-N: " + std::to_string(i) + "\r\nContent-Length: 4\r\n\r\nbody");
    const std::string original = request_at(first, first_server, "body");
    EXPECT_TRUE(is_quiet(second, second_server)) << "the service answers first";
    first_server->send(kOk);
    answer("ok");
    if (is_quiet(second, second_server)) continue;
    ++mirrored;
    EXPECT_EQ(request_at(second, second_server, "body"), original);
    second_server->send(i % 2 == 0 ? kBusy : kOk);
    EXPECT_TRUE(turn_until([&] { return worker.detached_requests().active() == 0; }));
  }
  EXPECT_EQ(mirrored, 4);
  EXPECT_EQ(records.size(), 10U) << "mirrors are not requests of clients";
}

TEST_F(Composite, MirrorsOutliveTheirClientAndTheConfiguration) {
  auto configuration = two_services();
  mirroring(configuration, 100).mirror_body = false;
  publish(configuration);
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  request_at(first, first_server, "body");
  first_server->send(kOk);
  answer("ok");
  client.reset();
  publish(all_to({}));
  const std::string head = request_at(second, second_server);
  EXPECT_NE(head.find("Content-Length: 0\r\n"), head.npos) << head;
  EXPECT_EQ(worker.detached_requests().active(), 1U);
  second_server->send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nthe beginning");
  quiesce();
  EXPECT_EQ(worker.detached_requests().active(), 1U);
  worker.detached_requests().cancel();
  EXPECT_TRUE(turn_until([&] { return worker.detached_requests().active() == 0; }));
}

TEST_F(Composite, WhatIsNotMirrored) {
  auto configuration = two_services();
  mirroring(configuration, 100).max_body_size = 2;
  publish(configuration);
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  request_at(first, first_server, "body");
  first_server->send(kOk);
  answer("ok");
  EXPECT_TRUE(is_quiet(second, second_server));
  send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo");
  client.reset();
  quiesce();
  EXPECT_TRUE(is_quiet(second, second_server));

  mirroring(configuration, 101);
  EXPECT_EQ(publish(configuration).report->services.at("app@file").errors.at(0),
            "mirror second@file: percent must be between 0 and 100");
}

}  // namespace
}  // namespace fl::proxy
