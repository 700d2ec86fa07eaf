#include "proxy/middleware/forward_auth.h"

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

using config::dynamic::ForwardAuth;

class ForwardAuthTest : public ProxyForTest {
 protected:
  BuildResult start(ForwardAuth options = {}) {
    Configuration configuration = all_to({origin.url()});
    if (options.address.empty()) options.address = auth_origin.url() + "/auth?x=1";
    configuration.http.middlewares["auth@file"].forward_auth = std::move(options);
    configuration.http.middlewares["strip@file"].strip_prefix = config::dynamic::StripPrefix{.prefixes = {"/v1"}};
    configuration.http.routers["all@file"].middlewares = {"strip@file", "auth@file"};
    client = connect();
    return publish(configuration);
  }
  // -> the question as the authentication server gets it
  std::string question(std::string_view request) {
    client->send(request);
    if (!auth) auth = accept_at(auth_origin);
    return receive_head(*auth);
  }
  std::string question() { return question("GET /a HTTP/1.1\r\nHost: h.test\r\n\r\n"); }
  void answer(std::string_view status, std::string_view fields = "", std::string_view body = "") {
    auth->send("HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  // -> the request as the service gets it, which answers 200 with these fields
  std::string served(std::string_view fields = "") {
    if (!server) server = accept_at(origin);
    std::string head = receive_head(*server);
    server->send("HTTP/1.1 200 OK\r\n" + std::string(fields) + "Content-Length: 2\r\n\r\nok");
    return head;
  }
  // -> the head of the client's answer
  std::string told(std::string_view body) {
    std::string head = receive_head(*client);
    if (!body.empty()) EXPECT_EQ(receive_until(*client, body), body);
    return head;
  }

  testing::Origin origin{loop}, auth_origin{loop};
  std::unique_ptr<Peer> client, server, auth;
};

TEST_F(ForwardAuthTest, AYesLetsTheRequestPass) {
  start();
  for (int i = 0; i < 3; ++i) {
    const std::string asked = question(
        "PUT /v1/a%20b?c=d HTTP/1.1\r\nHost: h.test\r\nCookie: s=1\r\nConnection: X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\n"
        "Content-Length: 4\r\n\r\nbody");
    EXPECT_TRUE(asked.starts_with("GET /auth?x=1 HTTP/1.1\r\nHost: " + auth_origin.url().substr(7) + "\r\n")) << asked;
    for (const std::string_view field :
         {"Cookie: s=1\r\n", "X-Forwarded-Method: PUT\r\n", "X-Forwarded-Proto: http\r\n",
          "X-Forwarded-Host: h.test\r\n", "X-Forwarded-Uri: /a%20b?c=d\r\n", "X-Forwarded-For: 10.0.0.9\r\n"})
      EXPECT_NE(asked.find(field), asked.npos) << field << asked;
    for (const std::string_view field : {"Hop", "Content-Length", "TE:"}) EXPECT_EQ(asked.find(field), asked.npos);
    answer("200 OK", "X-User: me\r\n", i == 1 ? "a body" : "");
    const std::string head = served();
    EXPECT_TRUE(head.starts_with("PUT /a%20b?c=d HTTP/1.1\r\nHost: h.test\r\n")) << head;
    EXPECT_NE(head.find("X-Forwarded-For: 10.0.0.9\r\n"), head.npos) << head;
    EXPECT_EQ(head.find("X-User"), head.npos);
    EXPECT_EQ(head.find("X-Forwarded-Uri"), head.npos);
    EXPECT_EQ(receive_until(*server, "body"), "body");
    EXPECT_TRUE(told("ok").starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(records.back().server_url, origin.url());
  }
  EXPECT_EQ(auth_origin.accepted, 1) << "the connection is kept";
}

TEST_F(ForwardAuthTest, ABodyThatComesLateCostsNoConnection) {
  start();
  for (int i = 0; i < 2; ++i) {
    question();
    auth->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    quiesce();
    auth->send("2\r\nok\r\n");
    quiesce();
    auth->send("0\r\n\r\n");
    served();
    told("ok");
  }
  EXPECT_EQ(auth_origin.accepted, 1);
}

TEST_F(ForwardAuthTest, ANoIsTheAnswer) {
  start();
  question();
  answer("403 Nope", "X-Why: bad\r\nProxy-Authenticate: Basic\r\nLocation: ../login\r\nKeep-Alive: 3\r\n", "go away");
  const std::string head = told("go away");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 403 Nope\r\n")) << head;
  for (const std::string& field : {std::string("X-Why: bad\r\n"), std::string("Proxy-Authenticate: Basic\r\n"),
                                   "Location: " + auth_origin.url() + "/login\r\n"})
    EXPECT_NE(head.find(field), head.npos) << head;
  EXPECT_EQ(head.find("Keep-Alive"), head.npos);
  EXPECT_EQ(origin.accepted, 0);
  EXPECT_EQ(records.back().origin_status, 0) << "no server of a service has answered";

  client->send("HEAD /a HTTP/1.1\r\nHost: h.test\r\n\r\n");
  receive_head(*auth);
  answer("302 Found", "Location: https://login.test/\r\n", "moved");
  const std::string redirect = told("");
  EXPECT_NE(redirect.find("Location: https://login.test/\r\n"), redirect.npos);
  EXPECT_NE(redirect.find("Content-Length: 5\r\n"), redirect.npos);
  quiesce();
  EXPECT_EQ(client->take(), "");
}

TEST_F(ForwardAuthTest, ALocationMayBeLeftAlone) {
  start({.preserve_location_header = true});
  question();
  answer("302 Found", "Location: /login\r\n");
  EXPECT_NE(told("").find("Location: /login\r\n"), std::string::npos);
}

TEST_F(ForwardAuthTest, NoAnswerIsAnError) {
  start();
  question();
  auth->reset();
  EXPECT_TRUE(told("").starts_with("HTTP/1.1 500 "));
  auth.reset();
  question();
  pass(31s);
  EXPECT_TRUE(told("").starts_with("HTTP/1.1 500 ")) << "nobody waits longer than 30 s";
  auth.reset();
  question();
  auth->send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  quiesce();
  pass(31s);
  EXPECT_TRUE(told("").starts_with("HTTP/1.1 500 "));
  auth_origin.stop_listening();
  auth.reset();
  quiesce();
  client->send("GET /a HTTP/1.1\r\nHost: h.test\r\n\r\n");
  EXPECT_TRUE(told("").starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(origin.accepted, 0);
}

TEST_F(ForwardAuthTest, ItEndsWithItsClient) {
  start();
  question();
  client->close();
  ASSERT_TRUE(ended_as(499));
  EXPECT_TRUE(turn_until([&] { return auth->gone(); }));
}

TEST_F(ForwardAuthTest, WhoIsTrusted) {
  struct Case {
    std::optional<bool> trust;
    std::vector<std::string> listed;
    std::string_view has, has_not;
  };
  entry_point.trust_all = true;
  for (const Case& c : std::vector<Case>{
           {std::nullopt,
            {},
            "X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Host: h:8\r\nX-Forwarded-Uri: /a\r\n"
            "X-Forwarded-Method: GET\r\nX-Forwarded-Port: 1\r\nX-Mine: 1\r\nX-Forwarded-Proto: http\r\n",
            "evil"},
           {std::nullopt,
            {"x-mine"},
            "X-Forwarded-For: 10.0.0.9\r\nX-Mine: 1\r\nX-Forwarded-Host: h:8\r\n",
            "X-Forwarded-Port"},
           {false,
            {},
            "X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Host: h:8\r\nX-Forwarded-Port: 8\r\nX-Mine: 1\r\n"
            "X-Forwarded-Uri: /a\r\nX-Forwarded-Proto: http\r\n",
            "evil"},
           {false, {"X-Forwarded-Host"}, "X-Forwarded-Host: h:8\r\nX-Forwarded-Port: 8\r\n", "X-Mine"},
           {true,
            {},
            "X-Forwarded-For: 1.1.1.1, 10.0.0.9\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Uri: /evil\r\n"
            "X-Forwarded-Method: EVIL\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Proto: https\r\nX-Mine: 1\r\n",
            "h:8"},
           {true, {"Accept"}, "X-Forwarded-For: 1.1.1.1, 10.0.0.9\r\nX-Forwarded-Host: evil\r\n", "X-Mine"},
       }) {
    start({.trust_forward_header = c.trust, .auth_request_headers = c.listed});
    std::string asked = question(
        "GET /a HTTP/1.1\r\nHost: h:8\r\nX-Mine: 1\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Host: evil\r\n"
        "X-Forwarded-Uri: /evil\r\nX-Forwarded-Method: EVIL\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Proto: "
        "https\r\n\r\n");
    for (std::string_view rest = c.has; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
      EXPECT_NE(asked.find(rest.substr(0, rest.find('\n') + 1)), asked.npos) << rest << asked;
    EXPECT_EQ(asked.find(c.has_not), asked.npos) << asked;
    answer("200 OK");
    const std::string head = served();
    EXPECT_NE(head.find("X-Forwarded-For: 1.1.1.1, 10.0.0.9\r\n"), head.npos) << head;
    EXPECT_NE(head.find("X-Forwarded-Uri: /evil\r\n"), head.npos) << "the request itself stays as it was";
    told("ok");
    auth.reset();
    server.reset();
    stop_serving();
  }
}

TEST_F(ForwardAuthTest, WhatTheAnswerGivesTheRequest) {
  start({.auth_response_headers = {"x-user", "X-Gone"},
         .auth_response_headers_regex = "^Foo-",
         .add_auth_cookies_to_response = {"mine"},
         .header_field = "x-user"});
  question("GET / HTTP/1.1\r\nHost: h\r\nX-USER: root\r\nx-gone: 1\r\nfoo-a: forged\r\nX-Kept: 1\r\n\r\n");
  answer("204 No Content",
         "x-user: me\r\nX-User: too\r\nfoo-b: 2\r\nX-Secret: 1\r\nSet-Cookie: mine=auth; Path=/\r\nSet-Cookie: "
         "other=auth\r\n");
  const std::string head = served("Set-Cookie: mine=service\r\nSet-Cookie: third=service\r\n");
  for (const std::string_view field : {"X-User: me\r\nX-User: too\r\n", "Foo-B: 2\r\n", "X-Kept: 1\r\n"})
    EXPECT_NE(head.find(field), head.npos) << field << head;
  for (const std::string_view field : {"root", "x-gone", "forged", "Secret"}) EXPECT_EQ(head.find(field), head.npos);
  const std::string answered = told("ok");
  EXPECT_NE(answered.find("Set-Cookie: mine=auth; Path=/\r\n"), answered.npos) << answered;
  EXPECT_NE(answered.find("third=service"), answered.npos);
  EXPECT_EQ(answered.find("mine=service"), answered.npos);
  EXPECT_EQ(answered.find("other=auth"), answered.npos);
}

TEST_F(ForwardAuthTest, TheBodyToo) {
  start({.forward_body = true, .max_body_size = 4, .preserve_request_method = true});
  const std::string asked =
      question("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
  EXPECT_TRUE(asked.starts_with("POST /auth?x=1 HTTP/1.1\r\n")) << asked;
  EXPECT_NE(asked.find("Content-Length: 4\r\n"), asked.npos) << asked;
  EXPECT_EQ(receive_until(*auth, "body"), "body");
  answer("200 OK");
  served();
  EXPECT_EQ(receive_until(*server, "0\r\n\r\n"), "4\r\nbody\r\n0\r\n\r\n");
  told("ok");

  EXPECT_NE(question("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").find("Content-Length: 0\r\n"),
            std::string::npos);
  answer("200 OK");
  served();
  told("ok");

  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nlarge");
  EXPECT_TRUE(told("").starts_with("HTTP/1.1 401 "));
  client->send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlarge\r\n0\r\n\r\n");
  EXPECT_TRUE(told("").starts_with("HTTP/1.1 401 "));
  quiesce();
  EXPECT_EQ(auth->take(), "");
}

TEST_F(ForwardAuthTest, AnAnswerHasALimit) {
  start({.max_response_body_size = 3});
  for (const auto& [status, body, told_status, told_body] :
       std::vector<std::array<std::string_view, 4>>{{"200 OK", "yes", "200", "ok"},
                                                    {"200 OK", "yess", "401", ""},
                                                    {"403 No", "nay", "403", "nay"},
                                                    {"403 No", "nope", "401", ""}}) {
    question();
    answer(status, "X-Of: auth\r\n", body);
    if (told_status == "200") served();
    const std::string head = told(told_body);
    EXPECT_EQ(head.substr(9, 3), told_status);
    EXPECT_EQ(head.find("X-Of: auth\r\n") != head.npos, told_status == "403") << head;
    if (told_status == "401") auth.reset();
  }
}

TEST_F(ForwardAuthTest, WhereToSignIn) {
  start({.auth_signin_url = "https://login.test/?a b"});
  question();
  answer("401 Unauthorized", "", "who?");
  const std::string head = told("Found");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 302 Found\r\n")) << head;
  EXPECT_NE(head.find("Location: https://login.test/?a%20b\r\n"), head.npos) << head;
  question();
  answer("403 Forbidden", "", "no");
  EXPECT_TRUE(told("no").starts_with("HTTP/1.1 403 "));
}

TEST_F(ForwardAuthTest, AnUpgradeIsAskedAboutLikeAnythingElse) {
  start();
  const std::string asked = question(
      "GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_EQ(asked.find("Upgrade"), asked.npos) << asked;
  answer("200 OK");
  server = accept_at(origin);
  const std::string head = receive_head(*server);
  EXPECT_NE(head.find("Upgrade: websocket\r\n"), head.npos) << head;
}

TEST_F(ForwardAuthTest, FilesThatAreNotThere) {
  const BuildResult built =
      start({.address = "https://auth.test", .tls = config::dynamic::ClientTls{.ca = "/none.pem"}});
  ASSERT_EQ(built.report->routers.at("all@file").errors.size(), 1U);
  const std::string error = built.report->routers.at("all@file").errors.front();
  EXPECT_NE(error.find("/none.pem"), error.npos) << error;
}

TEST(ForwardAuth, OptionsThatMakeNoSense) {
  const auto next = std::make_shared<middleware::NextForTest>();
  for (const auto& [options, error] : std::vector<std::pair<ForwardAuth, std::string_view>>{
           {{}, "address: \"\" is not a http or https URL"},
           {{.address = "h2c://a"}, "unknown scheme"},
           {{.address = "https://a", .tls = config::dynamic::ClientTls{.cert = "x"}}, "cert and key go together"},
           {{.address = "http://a", .auth_response_headers = {"a b"}}, "\"a b\" is no name"},
           {{.address = "http://a", .auth_response_headers_regex = "("}, "authResponseHeadersRegex"},
           {{.address = "http://a", .auth_signin_url = "http://a\r\nX: y"}, "authSigninURL"},
       }) {
    const auto handler = middleware::make_forward_auth(options, next, nullptr);
    ASSERT_FALSE(handler) << error;
    EXPECT_NE(handler.error().message.find(error), std::string::npos) << handler.error().message;
  }
}

}  // namespace
}  // namespace fl::proxy
