// What a client gets, and what becomes of the connections, when its server, the way there or the client itself fails.
#include "proxy/forward/forward_for_test.h"

namespace fl::proxy {
namespace {

TEST_F(Forward, FloodOfInterimAnswers) {
  exchange(kGet);
  for (int i = 0; i < 100; ++i) upstream->send("HTTP/1.1 102 Processing\r\n\r\n");
  receive_until(*client, "HTTP/1.1 502 Bad Gateway\r\n");
  EXPECT_TRUE(ended_as(502));
}

// Error answers, by what the server does with a GET.
TEST_F(Forward, BadServers) {
  const struct {
    std::string_view name, says;
    bool resets;
    std::string_view status;
  } cases[] = {
      {"closes at once", "", false, "502"},
      {"resets", "", true, "502"},
      {"closes within the head", "HTTP/1.1 200 OK\r\nContent-", false, "502"},
      {"garbage", "SSH-2.0-OpenSSH\r\n", false, "502"},
      {"no HTTP", std::string_view("\0\1\2\3\n\n", 6), false, "502"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", false, "502"},
      {"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false, "502"},
      {"unasked switch", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", false,
       "502"},
      {"no chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false, "502"},
      {"a bad second chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n-1\r\n", false, "502"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    records.clear();
    exchange(kGet);
    receive_head(*upstream);
    upstream->send(c.says);
    if (c.resets)
      upstream->reset();
    else if (c.says.find("101") == c.says.npos)
      upstream->close();
    const std::string answer = receive_head(*client);
    EXPECT_EQ(answer.substr(9, 3), c.status);
    EXPECT_EQ(answer.find("Upgrade"), answer.npos);
    receive_until(*client, "Bad Gateway");
    ASSERT_EQ(records.size(), 1U);  // the client may go on
    EXPECT_EQ(records[0].status, 502);
    EXPECT_EQ(records[0].origin_status, 0);
  }
}

// Chunks that come with the head are decoded before it is sent; those that are well-formed go on as they came.
TEST_F(Forward, ChunksThatComeWithTheHead) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  exchange(kGet);
  receive_head(*upstream);
  upstream->send(head + "2\r\nok\r\n0\r\n\r\n");
  receive_until(*client, "2\r\nok\r\n0\r\n\r\n");
  client->send(kGet);  // on the same two connections
  receive_head(*upstream);
  upstream->send(head + "3\r\none\r\n");
  receive_until(*client, "3\r\none\r\n");
  upstream->send("3\r\ntwo\r\n0\r\n\r\n");
  receive_until(*client, "3\r\ntwo\r\n0\r\n\r\n");
  EXPECT_EQ(origin.accepted, 1);
}

TEST_F(Forward, ChunksThatAreMalformedDuringAnUpload) {
  exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  receive_until(*upstream, "abc");
  upstream->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502 "));
  ASSERT_TRUE(turn_until([&] { return upstream->gone(); }));
  EXPECT_TRUE(ended_as(502));
}

TEST_F(Forward, AnswerThatBreaksOffIsCut) {
  const struct {
    std::string begins, then, error;
  } cases[] = {
      {"Content-Length: 100\r\n\r\nsome", "", "truncated"},
      {"Transfer-Encoding: chunked\r\n\r\n64\r\nsome", "", "truncated"},
      {"Transfer-Encoding: chunked\r\n\r\n4\r\nsome", "\r\nxyz\r\n", "malformed"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.begins + c.then);
    client.reset();
    records.clear();
    exchange(kGet);
    receive_head(*upstream);
    upstream->send("HTTP/1.1 200 OK\r\n" + c.begins);
    receive_until(*client, "some");
    upstream->send(c.then);
    upstream->close();
    const std::string rest = receive_to_end(*client);
    EXPECT_EQ(rest.find("0\r\n"), rest.npos);
    EXPECT_TRUE(ended_as(200));
    EXPECT_EQ(records.back().origin_error, c.error);
    EXPECT_EQ(records.back().response_bytes, 4U);
  }
}

TEST_F(Forward, BytesBehindAnAnswerReachNobody) {
  exchange(kGet);
  receive_head(*upstream);
  upstream->send(kOk + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  receive_until(*client, "ok");
  exchange(kGet);  // a new connection
  receive_head(*upstream);
  upstream->send(kOk);
  receive_until(*client, "ok");
  EXPECT_EQ(client->received, "");
}

TEST_F(Forward, BytesOnAnIdleConnectionReachNobody) {
  exchange(kGet);
  receive_head(*upstream);
  upstream->send(kOk);
  receive_until(*client, "ok");
  auto old = std::move(upstream);
  old->send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
  quiesce();
  exchange(kGet);
  upstream->send(kOk);
  receive_until(*client, "ok");
  EXPECT_EQ(origin.accepted, 2);
}

// The server closes a kept connection just as the request arrives.
TEST_F(Forward, StaleConnection) {
  const struct {
    std::string_view request;
    bool retried;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"POST / HTTP/1.1\r\nHost: h\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.request);
    client.reset();
    upstream.reset();
    quiesce();
    origin.accepted = 0;
    exchange(kGet);
    receive_head(*upstream);
    upstream->send(kOk);
    receive_until(*client, "ok");
    quiesce();
    client->send(c.request);
    receive_head(*upstream);
    upstream->reset();
    if (c.retried) {
      upstream = accept_at(origin);
      receive_head(*upstream);
      upstream->reset();  // and only once
    }
    EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502 "));
    quiesce();
    EXPECT_EQ(origin.accepted, c.retried ? 2 : 1);
    EXPECT_FALSE(origin.has_connection());
  }
}

TEST_F(Forward, ConnectRefused) {
  start();
  origin.stop_listening();
  client = connect();
  client->send(kGet);
  receive_until(*client, "HTTP/1.1 502 Bad Gateway\r\n");
  EXPECT_TRUE(ended_as(502));
}

// A listener whose backlog is full lets nobody in and says nothing.
TEST_F(Forward, DialTimeout) {
  transport.dial_timeout = 3s;
  const int full = *net::listen_tcp("127.0.0.1", 0, {.backlog = 0});
  const uint16_t port = net::local_address(full)->port;
  const auto only = connect_to(port);
  publish(all_to({"http://127.0.0.1:" + std::to_string(port)}));
  client = connect();
  client->send(kGet);
  quiesce();
  pass(2999ms);
  EXPECT_EQ(client->received, "");
  pass(1ms);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 504 "));
  EXPECT_TRUE(ended_as(504));
  // A client that leaves meanwhile ends the attempt.
  records.clear();
  client->send(kGet);
  quiesce();
  client->close();
  EXPECT_TRUE(ended_as(499));
  ::close(full);
}

TEST_F(Forward, UnknownHost) {
  publish(all_to({"http://does-not-exist.invalid:80"}));
  client = connect();
  client->send(kGet);
  ASSERT_TRUE(turn_until([&] {
    clock.elapsed += 10ms;
    return !records.empty();
  }));
  EXPECT_EQ(records[0].status, 502);
}

TEST_F(Forward, ResponseHeaderTimeout) {
  transport.response_header_timeout = 5s;
  exchange(kGet);
  receive_head(*upstream);
  pass(4999ms);
  upstream->send("HTTP/1.1 ");
  quiesce();
  EXPECT_EQ(client->received, "");
  pass(1ms);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 504 "));
  EXPECT_TRUE(ended_as(504));
}

// Its time begins when the whole request is out (Traefik: "after fully writing the request (including its body)").
TEST_F(Forward, ResponseHeaderTimeoutBeginsAfterTheUpload) {
  transport.response_header_timeout = 5s;
  exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na");
  pass(20s);
  client->send("b");
  receive_until(*upstream, "ab");
  pass(4s);
  EXPECT_EQ(client->received, "");
  pass(1s);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 504 "));
}

TEST_F(Forward, NoTimeoutOnceTheHeadIsThere) {
  transport.response_header_timeout = 5s;
  exchange(kGet);
  upstream->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
  receive_head(*client);
  pass(1h);
  upstream->send("k");
  receive_until(*client, "ok");
}

TEST_F(Forward, ClientGoneWhileTheServerThinks) {
  exchange(kGet);
  receive_head(*upstream);
  client->close();
  ASSERT_TRUE(turn_until([&] { return upstream->gone(); }));
  EXPECT_TRUE(ended_as(499));
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(Forward, ClientGoneWithinItsBody) {
  exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  receive_until(*upstream, "12345");
  client->close();
  ASSERT_TRUE(turn_until([&] { return upstream->gone(); }));
  EXPECT_TRUE(ended_as(499));
}

TEST_F(Forward, ClientGoneWithinTheAnswer) {
  exchange(kGet);
  upstream->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome");
  receive_until(*client, "some");
  client->reset();
  ASSERT_TRUE(turn_until([&] { return upstream->gone() && !records.empty(); }));
  EXPECT_EQ(records[0].origin_error, "") << "the server is not to blame";
}

TEST_F(Forward, MalformedAndSlowBodies) {
  exchange("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n");
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 400 "));
  ASSERT_TRUE(turn_until([&] { return upstream->gone(); }));  // and never "0", so it cannot look complete
  EXPECT_EQ(upstream->received.find("0\r\n\r\n"), std::string::npos);
  client.reset();
  exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  pass(60s);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 408 "));
  ASSERT_TRUE(turn_until([&] { return upstream->gone(); }));
}

// The client is silent within its body when the server fails: the answer does not wait for it.
TEST_F(Forward, ServerFailsDuringAStalledUpload) {
  for (const std::string body : {"Content-Length: 100\r\n\r\nabc", "Content-Length: 9000000\r\n\r\nabc",
                                 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"}) {
    client.reset();
    exchange("POST / HTTP/1.1\r\nHost: h\r\n" + body);
    receive_until(*upstream, "abc");
    upstream->send("garbage\r\n\r\n");
    const std::string head = receive_head(*client);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 502 ")) << head;
    EXPECT_NE(head.find("Connection: close"), head.npos);
  }
}

TEST_F(Forward, EarlyAnswerDuringAnUpload) {
  exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\nabc");
  receive_until(*upstream, "abc");
  upstream->send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
  EXPECT_TRUE(receive_until(*client, "big").starts_with("HTTP/1.1 413 "));
  ASSERT_TRUE(turn_until([&] { return upstream->gone() && client->gone(); }));  // neither can be used again
  EXPECT_EQ(client->error, 0);
  EXPECT_TRUE(ended_as(413));
}

TEST_F(Forward, ServerClosesAfterAnEarlyAnswer) {
  exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n" + std::string(3000000, 'x'));
  upstream->send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  upstream->half_close();
  EXPECT_TRUE(receive_until(*client, "no").starts_with("HTTP/1.1 401 "));
}

}  // namespace
}  // namespace fl::proxy
