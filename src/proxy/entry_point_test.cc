#include "proxy/entry_point.h"

#include "proxy/proxy_for_test.h"
#include "support/name_server.h"

namespace fl::proxy {
namespace {

class EntryPointTest : public ProxyForTest {
 protected:
  // The head a server gets for a GET with these fields, or the status the client gets.
  std::string forwarded(const std::string& fields, std::string_view ip = "10.0.0.9", const std::string& target = "/",
                        const std::string& host = "h.test") {
    if (!server) publish(all_to({origin.url()}));
    auto client = connect(ip);
    client->send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n");
    EXPECT_TRUE(turn_until([&] { return origin.has_connection() || !client->received.empty(); }));
    if (!origin.has_connection()) return receive_head(*client).substr(9, 3);
    auto upstream = origin.take_connection();
    std::string head = receive_head(*upstream);
    upstream->send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    receive_head(*client);
    upstream.reset();
    quiesce();
    return head;
  }
  // All values of a field in a head.
  static std::string value(const std::string& head, const std::string& name) {
    std::string out;
    for (size_t at = 0; (at = head.find("\r\n" + name + ": ", at)) != head.npos; ++at) {
      const size_t begin = at + name.size() + 4;
      out += (out.empty() ? "" : "|") + head.substr(begin, head.find("\r\n", begin) - begin);
    }
    return out;
  }
  testing::Origin origin{loop};
};

const std::string kForged =
    "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n"
    "X-Forwarded-Prefix: /p\r\nX-Real-Ip: 2.2.2.2\r\nX-Forwarded-Tls-Client-Cert: c\r\nX_Forwarded_For: 3.3.3.3\r\n"
    "X-Forwarded_Proto: https\r\n";

TEST_F(EntryPointTest, StrangersAreNotBelieved) {
  const std::string head = forwarded(kForged);
  EXPECT_EQ(value(head, "X-Forwarded-For"), "10.0.0.9");
  EXPECT_EQ(value(head, "X-Real-Ip"), "10.0.0.9");
  EXPECT_EQ(value(head, "X-Forwarded-Proto"), "http");
  EXPECT_EQ(value(head, "X-Forwarded-Host"), "h.test");
  EXPECT_EQ(value(head, "X-Forwarded-Port"), "80");
  for (const auto name : {"X-Forwarded-Prefix", "X-Forwarded-Tls-Client-Cert", "X_Forwarded_For", "X-Forwarded_Proto"})
    EXPECT_EQ(value(head, name), "") << name;
}

TEST_F(EntryPointTest, TrustedPeersAreBelieved) {
  entry_point.trusted = {*net::Cidr::parse("10.0.0.0/24")};
  const std::string head = forwarded(kForged);
  EXPECT_EQ(value(head, "X-Forwarded-For"), "1.1.1.1, 10.0.0.9");
  EXPECT_EQ(value(head, "X-Real-Ip"), "2.2.2.2");
  EXPECT_EQ(value(head, "X-Forwarded-Proto"), "https");
  EXPECT_EQ(value(head, "X-Forwarded-Host"), "evil");
  EXPECT_EQ(value(head, "X-Forwarded-Port"), "1");
  EXPECT_EQ(value(head, "X-Forwarded-Server"), "proxy.test");
  EXPECT_EQ(value(forwarded(kForged, "10.0.1.9"), "X-Forwarded-For"), "10.0.1.9");
}

TEST_F(EntryPointTest, SeveralForwardedForFieldsBecomeOne) {
  entry_point.trust_all = true;
  EXPECT_EQ(value(forwarded("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\n"), "X-Forwarded-For"),
            "1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9");
}

TEST_F(EntryPointTest, ForwardedForIsNotAppendedWhenUnwanted) {
  entry_point.trust_all = true;
  entry_point.append_forwarded_for = false;
  EXPECT_EQ(value(forwarded("X-Forwarded-For: 1.1.1.1\r\n"), "X-Forwarded-For"), "1.1.1.1");
}

TEST_F(EntryPointTest, PortOfTheHost) {
  const std::pair<std::string, std::string> cases[] = {
      {"h.test", "80"}, {"h.test:8443", "8443"}, {"[::1]", "80"}, {"[::1]:81", "81"}};
  for (const auto& [host, port] : cases)
    EXPECT_EQ(value(forwarded("", "10.0.0.9", "/", host), "X-Forwarded-Port"), port) << host;
}

TEST_F(EntryPointTest, SchemeHeaders) {
  entry_point.add_scheme_headers = true;
  const std::string head = forwarded("X-Scheme: gopher\r\n");
  EXPECT_EQ(value(head, "X-Scheme"), "http");
  EXPECT_EQ(value(head, "X-Forwarded-Scheme"), "http");
}

TEST_F(EntryPointTest, FieldsThatConnectionLists) {
  const struct {
    std::string fields;
    bool kept;  // X-Secret
  } cases[] = {
      {"X-Secret: 1\r\n", true},
      {"X-Secret: 1\r\nConnection: x-secret\r\n", false},
      {"Connection: close, X-Secret\r\nX-Secret: 1\r\n", false},
      {"Connection: keep-alive\r\nConnection: X-Secret\r\nX-Secret: 1\r\n", false},
      {"Connection: keep-alive\r\nX-Secret: 1\r\nX-Secret: 2\r\nConnection: a, X-Secret, b\r\n", false},
      {"Connection: close\r\nX-Secret: 1\r\n", true},
      {"Connection: X-Secret-Too\r\nX-Secret: 1\r\n", true},
  };
  for (const auto& c : cases) EXPECT_EQ(!value(forwarded(c.fields), "X-Secret").empty(), c.kept) << c.fields;
  stop_serving();
  entry_point.connection_fields = {"X-Secret"};
  EXPECT_EQ(value(forwarded("Connection: X-Secret\r\nX-Secret: 1\r\n"), "X-Secret"), "1");
}

TEST_F(EntryPointTest, UnderscoreStrategies) {
  const std::string fields = "X_Any: 1\r\nX-Other: 2\r\n";
  EXPECT_EQ(value(forwarded(fields), "X_Any"), "1");
  for (const auto strategy : {UnderscoreHeaders::delete_, UnderscoreHeaders::reject}) {
    stop_serving();
    entry_point.underscore_headers = strategy;
    const std::string head = forwarded(fields);
    if (strategy == UnderscoreHeaders::delete_) {
      EXPECT_EQ(value(head, "X_Any"), "");
      EXPECT_EQ(value(head, "X-Other"), "2");
    } else {
      EXPECT_EQ(head, "400");
    }
  }
}

TEST_F(EntryPointTest, PathsAreForwardedInOneForm) {
  const std::pair<std::string, std::string> cases[] = {
      {"/a/../b", "/b"}, {"//a///b/./c/", "/a/b/c/"}, {"/%61%2fb", "/a%2Fb"},  {"/a?x=1;y=2", "/a?x=1&y=2"},
      {"/?", "/?"},      {"/x/..;/y", "400"},         {"/%2e%2e/%2Fy", "400"}, {"/a\\..\\b", "400"}};
  for (const auto& [target, want] : cases) {
    const std::string head = forwarded("", "10.0.0.9", target);
    EXPECT_EQ(head.size() == 3 ? head : head.substr(4, head.find(" HTTP/") - 4), want) << target;
  }
}

TEST_F(EntryPointTest, EncodedCharactersMayBeForbidden) {
  entry_point.encoded_characters.slash = false;
  EXPECT_EQ(forwarded("", "10.0.0.9", "/a%2fb"), "400");
  EXPECT_NE(forwarded("", "10.0.0.9", "/a%3bb"), "400");
}

TEST_F(EntryPointTest, NoRouterAndNoServer) {
  auto configuration = all_to({});
  configuration.http.routers["all@file"].rule = "Path(`/known`)";
  publish(configuration);
  auto client = connect();
  client->send("GET /unknown HTTP/1.1\r\nHost: h\r\n\r\nGET /known HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(receive_until(*client, "404 page not found\n").starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_TRUE(receive_until(*client, "no available server\n").starts_with("HTTP/1.1 503 "));
  ASSERT_TRUE(turn_until([&] { return records.size() == 2; }));
  EXPECT_EQ(records[0].router, "");
  EXPECT_EQ(records[1].router, "all@file");
}

class AliasedHosts : public EntryPointTest {
 protected:
  AliasedHosts() {
    names.cnames = {{"www.shop.test", "shop.cdn.test"}};
    auto configuration = all_to({});
    configuration.http.routers["all@file"].rule = "Host(`shop.cdn.test`)";
    publish(configuration);
  }
  // The status for a request to this host; 503 is the router's.
  std::string ask(const std::string& host, Duration patience = 0s) {
    auto client = connect();
    client->send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    quiesce();
    pass(patience);
    return receive_head(*client).substr(9, 3);
  }
  testing::NameServer names{loop};
  net::AliasResolver aliases{loop, names.options()};
};

TEST_F(AliasedHosts, NobodyIsAskedUnlessTold) {
  EXPECT_EQ(ask("shop.cdn.test"), "503");
  EXPECT_EQ(ask("www.shop.test"), "404");
  EXPECT_EQ(names.questions, 0);
}

TEST_F(AliasedHosts, RulesMatchWhatTheNameLeadsTo) {
  door.emplace(entry_point, worker, &aliases);
  EXPECT_EQ(ask("www.shop.test:8080"), "503");
  const int questions = names.questions;
  EXPECT_EQ(ask("WWW.shop.test"), "503");
  EXPECT_EQ(names.questions, questions) << "the answer is known";
  EXPECT_EQ(ask("shop.cdn.test"), "503") << "a name of its own matches as before";
  EXPECT_EQ(ask("other.test"), "404");
}

TEST_F(AliasedHosts, AddressesAndBareNamesAreNotAskedFor) {
  door.emplace(entry_point, worker, &aliases);
  for (const auto host : {"10.0.0.1", "[::1]:80", "localhost"}) EXPECT_EQ(ask(host), "404") << host;
  EXPECT_EQ(names.questions, 0);
}

TEST_F(AliasedHosts, ASilentNameServerCostsAMoment) {
  door.emplace(entry_point, worker, &aliases);
  names.silent = true;
  EXPECT_EQ(ask("www.shop.test", 500ms), "404");
  EXPECT_EQ(ask("shop.cdn.test", 500ms), "503");
}

}  // namespace
}  // namespace fl::proxy
