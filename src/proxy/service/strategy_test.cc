// Strategies as a load balancer uses them, with real connections; see balancing_test.cc for wrr.
#include "proxy/service/strategy.h"

#include <map>

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

class StrategyTest : public ProxyForTest {
 protected:
  void start(const std::string& strategy, std::vector<int64_t> weights = {1, 1, 1}) {
    configuration = {};
    config::dynamic::LoadBalancer balancer;
    balancer.strategy = strategy;
    balancer.health_check.emplace().path = "/";
    for (size_t i = 0; i < weights.size(); ++i) {
      if (i == origins.size()) origins.push_back(std::make_unique<testing::Origin>(loop));
      balancer.servers.push_back({.url = origins[i]->url(), .weight = weights[i]});
    }
    configuration = all_to({});
    configuration.http.services["app@file"].load_balancer = balancer;
    built = publish(configuration);
  }
  void set_up(size_t server, bool up) { built.report->services.at("app@file").servers.at(server).health->set_up(up); }
  // A request of this client, left open at whoever got it. -> its position; -1: nobody
  int begin(const std::string& ip = "10.0.0.9") {
    clients.push_back(connect(ip));
    clients.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    int picked = -1;
    EXPECT_TRUE(turn_until([&] {
      for (size_t i = 0; i < origins.size() && picked < 0; ++i)
        if (origins[i]->has_connection()) picked = static_cast<int>(i);
      return picked >= 0 || !clients.back()->received.empty();
    }));
    if (picked >= 0) {
      servers.push_back(origins[static_cast<size_t>(picked)]->take_connection());
      receive_head(*servers.back());
    }
    return picked;
  }
  // Answers the oldest request that is open, after so long.
  void answer(Duration after = 0s) {
    clock.elapsed += after;
    servers.front()->send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_NE(receive_until(*clients.front(), "ok"), "");
    servers.erase(servers.begin());
    clients.erase(clients.begin());
    quiesce();
  }
  int ask(const std::string& ip = "10.0.0.9", Duration after = 0s) {
    const int picked = begin(ip);
    if (picked >= 0) answer(after);
    return picked;
  }

  Configuration configuration;
  BuildResult built;
  std::vector<std::unique_ptr<testing::Origin>> origins;
  std::vector<std::unique_ptr<Peer>> clients, servers;
};

// Of servers with fixed names: the hash is Traefik's, and how it shares clients out depends on the names. Ports that
// the system chose share them badly once in a while.
TEST(HighestRandomWeight, KeepsClientsWhereTheyAre) {
  const std::vector<Contender> servers{{"http://10.0.1.1:8080", 1},
                                       {"http://10.0.1.2:8080", 1},
                                       {"http://10.0.1.3:8080", 3},
                                       {"http://10.0.1.4:8080", 0}};
  const StrategyPtr strategy = make_highest_random_weight(servers);
  std::vector<bool> there(servers.size(), true);
  const std::vector<std::shared_ptr<const Health>> unchecked;
  const auto ask = [&](const std::string& ip) {
    middleware::ExchangeForTest x;
    ip.copy(x.info.peer_ip, ip.size());
    x.info.peer_ip_size = static_cast<uint8_t>(ip.size());
    return strategy->choose(x, Eligible(there, unchecked, {}));
  };
  std::map<std::string, int> first;
  std::map<int, int> count;
  for (int i = 0; i < 100; ++i) {
    const std::string ip = "10.0." + std::to_string(i % 7) + "." + std::to_string(i);
    ++count[first[ip] = ask(ip)];
  }
  EXPECT_EQ(count[3], 0);
  EXPECT_GT(count[0], 5);
  EXPECT_GT(count[1], 5);
  EXPECT_GT(count[2], 40);
  there[0] = false;
  for (const auto& [ip, server] : first) {
    const int now = ask(ip);
    if (server == 0)
      EXPECT_NE(now, 0);
    else
      EXPECT_EQ(now, server) << "only the clients of the one that is down move";
  }
  there[1] = there[2] = false;
  EXPECT_EQ(ask("10.0.0.1"), -1);
}

TEST_F(StrategyTest, HighestRandomWeightFollowsHealth) {
  start("hrw", {1, 1, 3, 0});
  const int server = ask();
  EXPECT_NE(server, 3);
  EXPECT_EQ(ask(), server);
  set_up(static_cast<size_t>(server), false);
  const int other = ask();
  EXPECT_NE(other, server);
  EXPECT_NE(other, 3);
  set_up(static_cast<size_t>(server), true);
  EXPECT_EQ(ask(), server);
  for (const size_t each : {0, 1, 2}) set_up(each, false);
  EXPECT_EQ(begin(), -1);
  EXPECT_TRUE(clients.back()->received.starts_with("HTTP/1.1 503 "));
}

TEST_F(StrategyTest, TwoChoicesTakesTheOneWithLessToDo) {
  start("p2c", {1, 0});  // weights are not looked at
  std::map<int, int> count;
  for (int i = 0; i < 40; ++i) ++count[ask()];
  EXPECT_GT(count[0], 5);
  EXPECT_GT(count[1], 5);
  const int busy = begin();
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(begin(), busy);
    std::swap(clients.front(), clients.back());
    std::swap(servers.front(), servers.back());
    answer();  // the one that has just begun
    std::swap(clients.front(), clients.back());
    std::swap(servers.front(), servers.back());
  }
  set_up(static_cast<size_t>(1 - busy), false);
  EXPECT_EQ(begin(), busy);
}

TEST_F(StrategyTest, LeastTimeTakesTheOneThatAnswersSoonest) {
  start("leasttime", {1, 1, 4});
  std::map<int, int> count;
  for (int i = 0; i < 12; ++i) ++count[ask()];
  EXPECT_EQ(count, (std::map<int, int>{{0, 2}, {1, 2}, {2, 8}})) << "in turn while nothing tells them apart";
  // Whoever is asked is slow, but the third: that is the one from then on.
  for (int i = 0; i < 6; ++i) {
    const int picked = begin();
    answer(picked == 2 ? 10ms : 100ms);
  }
  count.clear();
  for (int i = 0; i < 10; ++i) {
    const int picked = begin();
    answer(picked == 2 ? 10ms : 100ms);
    ++count[picked];
  }
  EXPECT_EQ(count[2], 10);
  // A changed configuration does not forget.
  configuration.http.services["app@file"].load_balancer->pass_host_header = false;
  built = publish(configuration);
  EXPECT_EQ(ask(), 2);
}

TEST_F(StrategyTest, ServicesByHighestRandomWeight) {
  start("wrr", {1, 1});
  auto& services = configuration.http.services;
  for (size_t i = 0; i < 2; ++i)
    services[i == 0 ? "one@file" : "two@file"] = all_to({origins[i]->url()}).http.services["app@file"];
  services["app@file"] = {};
  services["app@file"].highest_random_weight.emplace().services = {{.name = "one@file"}, {.name = "two@file"}};
  EXPECT_EQ(publish(configuration).report->services.at("app@file").status, Status::enabled);
  std::map<int, int> count;
  for (int i = 0; i < 20; ++i) {
    const std::string ip = "10.1.0." + std::to_string(i);
    const int picked = ask(ip);
    ++count[picked];
    EXPECT_EQ(ask(ip), picked);
  }
  EXPECT_GT(count[0], 2);
  EXPECT_GT(count[1], 2);
}

TEST_F(StrategyTest, UnknownOnesAreRefused) {
  start("fastest");
  EXPECT_EQ(built.report->services.at("app@file").errors.at(0), "unsupported load-balancer strategy \"fastest\"");
}

}  // namespace
}  // namespace fl::proxy
