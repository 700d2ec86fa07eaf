// Load balancers and weighted services as clients see them.
#include <map>

#include "proxy/proxy_for_test.h"
#include "proxy/service/sticky.h"

namespace fl::proxy {
namespace {

class Balancing : public ProxyForTest {
 protected:
  // Asks once, answered by whoever gets the request. -> its position, -1 for none; the cookie it set in `cookie`.
  int ask(const std::string& fields = "") {
    if (!client) client = connect();
    client->send("GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
    int picked = -1;
    std::unique_ptr<Peer> upstream;
    EXPECT_TRUE(turn_until([&] {
      for (size_t i = 0; i < origins.size() && picked < 0; ++i)
        if (origins[i]->has_connection()) picked = static_cast<int>(i);
      return picked >= 0 || !client->received.empty();
    }));
    if (picked >= 0) {
      upstream = origins[static_cast<size_t>(picked)]->take_connection();
      head = receive_head(*upstream);
      upstream->send("HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
    const std::string answer = receive_head(*client);
    client->take();
    const size_t at = answer.find("Set-Cookie: ");
    cookie = at == answer.npos ? "" : answer.substr(at + 12, answer.find("\r\n", at) - at - 12);
    upstream.reset();
    quiesce();
    clock.elapsed += 1ms;
    return picked;
  }
  std::map<int, int> count(int requests) {
    std::map<int, int> out;
    for (int i = 0; i < requests; ++i) ++out[ask()];
    return out;
  }
  void start_origins(size_t n) {
    for (size_t i = 0; i < n; ++i) origins.push_back(std::make_unique<testing::Origin>(loop));
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> out;
    for (const auto& origin : origins) out.push_back(origin->url());
    return out;
  }
  static config::dynamic::LoadBalancer& balancer(Configuration& c) {
    return *c.http.services["app@file"].load_balancer;
  }

  std::vector<std::unique_ptr<testing::Origin>> origins;
  std::unique_ptr<Peer> client;
  std::string cookie, head;
  std::string status = "200 OK";  // that the origins answer with
};

TEST_F(Balancing, EvenTurns) {
  start_origins(3);
  publish(all_to(urls()));
  std::vector<int> picks;
  for (int i = 0; i < 9; ++i) picks.push_back(ask());
  for (size_t i = 3; i < 9; ++i) EXPECT_EQ(picks[i], picks[i - 3]);
  EXPECT_NE(picks[0], picks[1]);
  EXPECT_NE(picks[1], picks[2]);
}

TEST_F(Balancing, InProportionAndSpread) {
  start_origins(3);
  auto configuration = all_to(urls());
  balancer(configuration).servers[0].weight = 3;
  balancer(configuration).servers[2].weight = 0;
  publish(configuration);
  std::string picks;
  for (int i = 0; i < 40; ++i) picks += static_cast<char>('0' + ask());
  EXPECT_EQ(std::ranges::count(picks, '0'), 30);
  EXPECT_EQ(std::ranges::count(picks, '1'), 10);
  EXPECT_EQ(picks.find("11"), picks.npos);
  EXPECT_EQ(picks.find("00000"), picks.npos);
}

TEST_F(Balancing, ServersJoinAndLeave) {
  start_origins(3);
  publish(all_to({urls()[0], urls()[1]}));
  EXPECT_EQ(count(10), (std::map<int, int>{{0, 5}, {1, 5}}));
  publish(all_to(urls()));
  EXPECT_EQ(count(9), (std::map<int, int>{{0, 3}, {1, 3}, {2, 3}}));
  publish(all_to({urls()[2]}));
  EXPECT_EQ(count(3), (std::map<int, int>{{2, 3}}));
  publish(all_to({}));
  EXPECT_EQ(count(1), (std::map<int, int>{{-1, 1}}));
}

TEST_F(Balancing, WeightedServices) {
  start_origins(2);
  Configuration configuration = all_to({});
  auto& services = configuration.http.services;
  services["one@file"] = all_to({urls()[0]}).http.services["app@file"];
  services["two@file"] = all_to({urls()[1]}).http.services["app@file"];
  services["app@file"] = {};
  services["app@file"].weighted.emplace();
  services["app@file"].weighted->services = {{.name = "one@file", .weight = 1}, {.name = "two@file", .weight = 4}};
  publish(configuration);
  EXPECT_EQ(count(20), (std::map<int, int>{{0, 4}, {1, 16}}));
  EXPECT_EQ(records.back().service.substr(3), "@file");
}

TEST_F(Balancing, StickyCookie) {
  start_origins(3);
  auto configuration = all_to(urls());
  balancer(configuration).sticky.emplace().cookie.emplace() = {.name = "lb",
                                                               .secure = true,
                                                               .http_only = true,
                                                               .same_site = "strict",
                                                               .max_age = 60,
                                                               .path = "/p",
                                                               .domain = "d.test"};
  publish(configuration);
  const int first = ask();
  ASSERT_TRUE(cookie.starts_with("lb=")) << cookie;
  EXPECT_TRUE(cookie.ends_with("; Path=/p; Domain=d.test; Max-Age=60; HttpOnly; Secure; SameSite=Strict")) << cookie;
  const std::string mine = cookie.substr(0, cookie.find(';'));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ask("Cookie: a=b; " + mine + "; c=d\r\n"), first);
    EXPECT_EQ(cookie, "");
  }
  // What Traefik wrote before is understood and renewed.
  EXPECT_EQ(ask("Cookie: lb=" + urls()[static_cast<size_t>(first)] + "\r\n"), first);
  EXPECT_TRUE(cookie.starts_with(mine));
  ask("Cookie: lb=nonsense\r\n");
  EXPECT_TRUE(cookie.starts_with("lb="));
  // A server without weight does not exist, also not for those who know it; a fenced one is for them alone.
  balancer(configuration).servers[static_cast<size_t>(first)].weight = 0;
  publish(configuration);
  EXPECT_NE(ask("Cookie: " + mine + "\r\n"), first);
  balancer(configuration).servers[static_cast<size_t>(first)].weight = 1;
  balancer(configuration).servers[static_cast<size_t>(first)].fenced = true;
  publish(configuration);
  EXPECT_EQ(ask("Cookie: " + mine + "\r\n"), first);
  EXPECT_EQ(count(10).count(first), 0U);
}

TEST_F(Balancing, HostHeaderAndPath) {
  start_origins(1);
  auto configuration = all_to({urls()[0] + "/base"});
  publish(configuration);
  ask();
  EXPECT_TRUE(head.starts_with("GET / HTTP/1.1\r\nHost: h\r\n")) << head;
  balancer(configuration).pass_host_header = false;
  balancer(configuration).servers[0].preserve_path = true;
  publish(configuration);
  ask();
  EXPECT_TRUE(head.starts_with("GET /base/ HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(origins[0]->port()) + "\r\n"))
      << head;
  EXPECT_NE(head.find("X-Forwarded-Host: h\r\n"), head.npos);
}

// What a check would do.
void set_up(const BuildResult& built, std::string_view service, size_t server, bool up) {
  built.report->services.at(service).servers.at(server).health->set_up(up);
}

TEST_F(Balancing, ServersThatAreDownAreLeftOut) {
  start_origins(3);
  auto configuration = all_to(urls());
  balancer(configuration).health_check.emplace().path = "/";
  balancer(configuration).sticky.emplace().cookie.emplace().name = "lb";
  const auto built = publish(configuration);
  ASSERT_EQ(built.health_checks.size(), 1U);
  set_up(built, "app@file", 1, false);
  EXPECT_EQ(count(8).count(1), 0U);
  const int mine = ask();
  const std::string known = cookie.substr(0, cookie.find(';'));
  set_up(built, "app@file", static_cast<size_t>(mine), false);
  EXPECT_NE(ask("Cookie: " + known + "\r\n"), mine);
  EXPECT_TRUE(cookie.starts_with("lb=")) << "it now knows another";
  for (size_t i = 0; i < 3; ++i) set_up(built, "app@file", i, false);
  EXPECT_EQ(ask(), -1);
  EXPECT_EQ(records.back().status, 503);
  // Kept through a configuration that changes the service.
  balancer(configuration).pass_host_header = false;
  const auto next = publish(configuration);
  EXPECT_EQ(ask(), -1);
  set_up(next, "app@file", 2, true);
  EXPECT_EQ(count(3), (std::map<int, int>{{2, 3}}));
}

TEST_F(Balancing, WeightedServicesLeaveOutWhoIsDown) {
  start_origins(2);
  Configuration configuration = all_to({});
  auto& services = configuration.http.services;
  services["app@file"] = {};
  auto& weighted = services["app@file"].weighted.emplace();
  weighted.services = {{.name = "one@file"}, {.name = "two@file"}};
  weighted.health_check.emplace();
  for (size_t i = 0; i < 2; ++i) {
    auto& child = services[i == 0 ? "one@file" : "two@file"] = all_to({urls()[i]}).http.services["app@file"];
    if (i == 0) child.load_balancer->health_check.emplace().path = "/";
  }
  auto built = publish(configuration);
  EXPECT_EQ(built.report->services.at("app@file").errors,
            std::vector<std::string>{"cannot register two@file as updater for app@file: healthCheck not enabled in "
                                     "config for this service"});
  services["two@file"].load_balancer->health_check.emplace().path = "/";
  built = publish(configuration);
  EXPECT_EQ(count(4), (std::map<int, int>{{0, 2}, {1, 2}}));
  set_up(built, "one@file", 0, false);
  EXPECT_EQ(count(4), (std::map<int, int>{{1, 4}}));
  set_up(built, "two@file", 0, false);
  EXPECT_EQ(ask(), -1);
}

TEST_F(Balancing, BadAnswersPutAServerOut) {
  start_origins(2);
  auto configuration = all_to(urls());
  balancer(configuration).passive_health_check.emplace() = {.failure_window = 10s, .max_failed_attempts = 2};
  const auto built = publish(configuration);
  EXPECT_TRUE(built.health_checks.empty()) << "nobody asks";
  status = "404 Not Found";
  EXPECT_EQ(count(8), (std::map<int, int>{{0, 4}, {1, 4}}));
  status = "503 Service Unavailable";
  EXPECT_EQ(count(4), (std::map<int, int>{{0, 2}, {1, 2}}));
  EXPECT_EQ(ask(), -1);
  status = "200 OK";
  pass(10s);
  EXPECT_EQ(count(4), (std::map<int, int>{{0, 2}, {1, 2}}));
}

TEST(Sticky, DefaultName) {
  const std::string name = default_cookie_name("app@file");
  EXPECT_EQ(name.size(), 6U);
  EXPECT_EQ(name[0], '_');
  EXPECT_NE(name, default_cookie_name("app@ecs"));
}

}  // namespace
}  // namespace fl::proxy
