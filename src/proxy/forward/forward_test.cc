#include "proxy/forward/forward.h"

#include <algorithm>

#include "proxy/forward/forward_for_test.h"

namespace fl::proxy {
namespace {

TEST_F(Forward, PlainGet) {
  exchange(kGet);
  EXPECT_EQ(receive_head(*upstream),
            "GET /a?b=c HTTP/1.1\r\nHost: h.test\r\nX-Real-Ip: 10.0.0.9\r\nX-Forwarded-Proto: http\r\n"
            "X-Forwarded-Port: 80\r\nX-Forwarded-Host: h.test\r\nX-Forwarded-Server: proxy.test\r\n"
            "X-Forwarded-For: 10.0.0.9\r\n\r\n");
  upstream->send("HTTP/1.1 201 Made\r\nX-A: 1\r\nConnection: X-Hop\r\nX-Hop: 2\r\nContent-Length: 2\r\n\r\nok");
  const std::string head = receive_head(*client);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 201 Made\r\nX-A: 1\r\nDate: ")) << head;
  EXPECT_EQ(head.find("Hop"), head.npos);
  EXPECT_EQ(receive_body(*client, 2), "ok");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].status, 201);
  EXPECT_EQ(records[0].origin_status, 201);
  EXPECT_EQ(records[0].response_bytes, 2U);
  EXPECT_EQ(records[0].origin_bytes, 2U);
  EXPECT_EQ(records[0].service, "app@file");
  EXPECT_EQ(records[0].server_url, origin.url());
}

TEST_F(Forward, TheServersBytesAreCountedBeforeTheyAreCompressed) {
  Configuration configuration = all_to({origin.url()});
  configuration.http.middlewares["compress@file"].compress.emplace();
  configuration.http.routers["all@file"].middlewares = {"compress@file"};
  publish(configuration);
  client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h.test\r\nAccept-Encoding: gzip\r\n\r\n");
  upstream = accept_at(origin);
  receive_head(*upstream);
  upstream->send("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + std::string(9000, 'x'));
  EXPECT_NE(receive_head(*client).find("Content-Encoding: gzip\r\n"), std::string::npos);
  ASSERT_TRUE(turn_until([&] { return !records.empty(); }));
  EXPECT_EQ(records[0].origin_bytes, 9000U);
  EXPECT_LT(records[0].response_bytes, 1000U);
}

TEST_F(Forward, ConnectionsAreKeptAndReused) {
  exchange(kGet);
  for (int i = 0; i < 5; ++i) {
    if (i > 0) client->send(kGet);
    receive_head(*upstream);
    upstream->send(kOk);
    receive_until(*client, "ok");
    quiesce();
  }
  EXPECT_EQ(origin.accepted, 1);
  EXPECT_EQ(records.size(), 5U);
}

TEST_F(Forward, PostWithLengthAndChunks) {
  exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345");
  EXPECT_NE(receive_head(*upstream).find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(receive_body(*upstream, 5), "12345");
  upstream->send(kOk);
  receive_until(*client, "ok");
  client->send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_NE(receive_head(*upstream).find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(receive_until(*upstream, "abc\r\n"), "3\r\nabc\r\n");
  client->send("4\r\ndefg\r\n0\r\nX-T: 1\r\nHost: evil\r\n\r\n");
  EXPECT_EQ(receive_until(*upstream, "\r\n\r\n"), "4\r\ndefg\r\n0\r\n\r\n");  // no trailers
  upstream->send(kOk);
  receive_until(*client, "ok");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].request_bytes, 7U);
}

TEST_F(Forward, ChunkedAnswerWithTrailers) {
  exchange(kGet);
  receive_head(*upstream);
  upstream->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  receive_head(*client);
  EXPECT_EQ(receive_until(*client, "hello\r\n"), "5\r\nhello\r\n");
  upstream->send("0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(receive_until(*client, "\r\n\r\n"), "0\r\nX-Sum: 1\r\n\r\n");
}

TEST_F(Forward, AnswerUntilClose) {
  exchange(kGet);
  receive_head(*upstream);
  upstream->send("HTTP/1.0 200 OK\r\n\r\nsome");
  EXPECT_NE(receive_head(*client).find("Transfer-Encoding: chunked"), std::string::npos);
  upstream->send(" more");
  receive_until(*client, "more\r\n");
  upstream->close();
  receive_until(*client, "0\r\n\r\n");
}

TEST_F(Forward, HeadAnd304HaveNoBody) {
  exchange("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  receive_head(*upstream);
  upstream->send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  EXPECT_NE(receive_head(*client).find("Content-Length: 500"), std::string::npos);
  client->send(kGet);
  receive_head(*upstream);
  upstream->send("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n");
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 304"));
  EXPECT_EQ(origin.accepted, 1);
}

TEST_F(Forward, InterimAnswers) {
  exchange(kGet);
  receive_head(*upstream);
  upstream->send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
  upstream->send(kOk);
  receive_until(*client, "ok");
}

TEST_F(Forward, WebSocket) {
  exchange(
      "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n");
  const std::string head = receive_head(*upstream);
  EXPECT_NE(head.find("Connection: Upgrade\r\nUpgrade: websocket\r\n"), head.npos);
  EXPECT_NE(head.find("X-Forwarded-Proto: ws\r\n"), head.npos);
  upstream->send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nX: y\r\n\r\nfirst");
  const std::string answer = receive_head(*client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\nX: y\r\n")) << answer;
  receive_until(*client, "first");
  const std::string big(1 << 20, 'w');
  client->send(big);
  upstream->send(big);
  receive_body(*client, big.size());
  receive_body(*upstream, big.size());
  EXPECT_TRUE(records.empty());
  upstream->close();
  client->close();
  EXPECT_TRUE(ended_as(101));
  EXPECT_EQ(records.back().path, "/chat");
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(Forward, SwitchToAnotherProtocolThanAsked) {
  for (const std::string upgrade : {"Connection: Upgrade\r\nUpgrade: h2c\r\n", "", "Upgrade: websocket\r\n"}) {
    client.reset();
    exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    upstream->send("HTTP/1.1 101 Switching Protocols\r\n" + upgrade + "\r\n");
    EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502 "));
  }
}

TEST_F(Forward, DeclinedUpgradeAndOffers) {
  exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n");
  upstream->send("HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2,h2c\r\nContent-Length: 2\r\n\r\nok");
  const std::string head = receive_head(*client);
  EXPECT_EQ(head.find("Upgrade"), head.npos) << head;
  EXPECT_NE(head.find("Connection: close\r\n"), head.npos) << head;
}

class ExpectContinue : public Forward {
 protected:
  void ask(const std::string& length) {
    exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + "\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_NE(receive_head(*upstream).find("Expect: 100-continue\r\n"), std::string::npos);
    quiesce();
    EXPECT_EQ(client->received, "");
  }
};

TEST_F(ExpectContinue, ServerSaysGoOn) {
  for (const size_t size : {size_t{5}, size_t{1} << 20}) {  // copied, spliced
    client.reset();
    ask(std::to_string(size));
    upstream->send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(receive_head(*client), "HTTP/1.1 100 Continue\r\n\r\n");
    client->send(std::string(size, 'x'));
    EXPECT_EQ(receive_body(*upstream, size).size(), size);
    upstream->send(kOk);
    receive_until(*client, "ok");
    upstream.reset();
    quiesce();
  }
}

TEST_F(ExpectContinue, ServerSaysNothing) {
  ask("5");
  pass(1s);
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 100 Continue\r\n\r\n");
  client->send("12345");
  receive_until(*upstream, "12345");
  upstream->send(kOk);
  receive_until(*client, "ok");
}

TEST_F(ExpectContinue, ServerIsWithinItsHeadAfterASecond) {
  ask("5");
  upstream->send("HTTP/1.1 20");
  pass(1s);
  receive_head(*client);  // 100
  client->send("12345");
  receive_until(*upstream, "12345");
  upstream->send("0 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(receive_until(*client, "ok").starts_with("HTTP/1.1 200 OK"));
}

TEST_F(ExpectContinue, ServerRefuses) {
  ask("5");
  upstream->send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno");
  const std::string answer = receive_until(*client, "no");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 417 "));
  EXPECT_NE(answer.find("Connection: close"), answer.npos);
  ASSERT_TRUE(turn_until([&] { return client->gone() && upstream->gone(); }));  // its request was never finished
}

class Pool : public Forward {
 protected:
  // n requests at the same time, each on its own connection to the server; then all are answered.
  void run_at_once(size_t n) {
    std::vector<std::unique_ptr<Peer>> clients;
    for (size_t i = 0; i < n; ++i) {
      exchange(kGet);
      receive_head(*upstream);
      clients.push_back(std::move(client));
      upstreams.push_back(std::move(upstream));
      client = connect();
    }
    for (auto& peer : upstreams) peer->send(kOk);
    for (auto& peer : clients) receive_until(*peer, "ok");
    quiesce();
  }
  size_t open() {
    quiesce();
    return static_cast<size_t>(std::ranges::count_if(upstreams, [](const auto& peer) { return !peer->gone(); }));
  }
  std::vector<std::unique_ptr<Peer>> upstreams;
};

TEST_F(Pool, KeepsNoMoreThanItMay) {
  transport.max_idle_per_host = 2;
  run_at_once(5);
  EXPECT_EQ(open(), 2U);
}

TEST_F(Pool, KeepsNone) {
  transport.max_idle_per_host = -1;
  run_at_once(2);
  EXPECT_EQ(open(), 0U);
}

TEST_F(Pool, IdleOnesExpire) {
  transport.idle_timeout = 30s;
  run_at_once(3);
  pass(29s);
  EXPECT_EQ(open(), 3U);
  client->send(kGet);  // the newest serves again
  quiesce();
  for (auto& peer : upstreams)
    if (!peer->take().empty()) peer->send(kOk);
  receive_until(*client, "ok");
  pass(1s);
  EXPECT_EQ(open(), 1U);
  pass(29s);
  EXPECT_EQ(open(), 0U);
}

TEST_F(Pool, EndsWithItsService) {
  run_at_once(2);
  EXPECT_EQ(open(), 2U);
  publish({});
  pass(1ms);
  publish({});  // the request before last has gone by now
  EXPECT_EQ(open(), 0U);
}

TEST_F(Forward, ServiceGoesWhileARequestRuns) {
  exchange(kGet);
  receive_head(*upstream);
  publish({});
  publish({});
  quiesce();
  upstream->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nst");
  receive_head(*client);
  quiesce();
  upstream->send("il");
  receive_until(*client, "stil");
  quiesce();
  EXPECT_TRUE(upstream->gone());  // its pool went with the last request
  client->send(kGet);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 404 "));
}

TEST_F(Forward, LargeBodiesBothWays) {
  std::string big(5 << 20, '\0');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 31 >> 4);
  exchange("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(big.size()) + "\r\n\r\n" + big);
  receive_head(*upstream);
  EXPECT_TRUE(receive_body(*upstream, big.size()) == big);
  upstream->send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(big.size()) + "\r\n\r\n" + big);
  receive_head(*client);
  EXPECT_TRUE(receive_body(*client, big.size()) == big);
  ASSERT_TRUE(turn_until([&] { return !records.empty(); }));
  EXPECT_EQ(records[0].request_bytes, big.size());
  EXPECT_EQ(records[0].response_bytes, big.size());
  client->send(kGet);  // both connections can be used again
  receive_head(*upstream);
  EXPECT_EQ(origin.accepted, 1);
}

TEST_F(Forward, SlowClientHoldsTheServerUp) {
  const std::string big(32 << 20, 'x');
  exchange(kGet);
  client->stop_reading();
  upstream->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000000\r\n" + big + "\r\n0\r\n\r\n");
  quiesce();
  EXPECT_FALSE(upstream->has_sent_all());
  client->go_on_reading();
  receive_until(*client, "0\r\n\r\n");
}

TEST_F(Forward, CloseAllWhileWaiting) {
  exchange(kGet);
  server->close_all();
  ASSERT_TRUE(turn_until([&] { return server->connections() == 0; }));
  EXPECT_TRUE(ended_as(499));
}

}  // namespace
}  // namespace fl::proxy
