#include "proxy/middleware/basic_auth.h"

#include <fstream>

#include "base/crypto.h"
#include "proxy/middleware/exchange_for_test.h"
#include "proxy/proxy_for_test.h"
#include "support/temporary_directory.h"

namespace fl::proxy {
namespace {

const std::string kTest = "test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/";  // password: test

class BasicAuthTest : public ProxyForTest {
 protected:
  void start(config::dynamic::BasicAuth options) {
    Configuration configuration = all_to({origin.url()});
    configuration.http.middlewares["auth@file"].basic_auth = std::move(options);
    configuration.http.routers["all@file"] = {
        .entry_points = {"web"}, .middlewares = {"auth@file"}, .service = "app@file", .rule = "PathPrefix(`/`)"};
    publish(configuration);
    client = connect();
  }
  void ask(const std::string& authorization) { client->send("GET / HTTP/1.1\r\nHost: h\r\n" + authorization + "\r\n"); }
  static std::string basic(std::string_view credentials) {
    return "Authorization: basic " + base64_encode(credentials) + "\r\n";
  }
  // -> the head as the server got it
  std::string served() {
    if (!server) server = accept_at(origin);
    std::string head = receive_head(*server);
    server->send("HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 204 "));
    return head;
  }

  testing::Origin origin{loop};
  std::unique_ptr<Peer> client, server;
};

TEST_F(BasicAuthTest, WhoIsListedGoesOn) {
  start({.users = {kTest}});
  for (int i = 0; i < 3; ++i) {  // from the second on from memory
    ask(basic("test:test"));
    EXPECT_NE(served().find("Authorization: basic "), std::string::npos);
  }
}

TEST_F(BasicAuthTest, TheNameInAFieldAndNoAuthorization) {
  start({.users = {kTest}, .remove_header = true, .header_field = "X-webauth-User"});
  ask(basic("test:test") + "x-webauth-user: root\r\n");
  const std::string head = served();
  EXPECT_EQ(head.find("Authorization"), head.npos);
  EXPECT_EQ(head.find("root"), head.npos);
  EXPECT_NE(head.find("X-webauth-User: test\r\n"), head.npos) << head;
}

TEST_F(BasicAuthTest, EverybodyElseIsAsked) {
  start({.users = {kTest}, .realm = "mine"});
  for (const std::string& authorization :
       {std::string(), basic("test:tset"), basic("tset:test"), basic("test"), basic(":"), basic("te\nst:test"),
        std::string("Authorization: Basic !\r\n"), std::string("Authorization: Bearer dGVzdDp0ZXN0\r\n")}) {
    ask(authorization);
    const std::string head = receive_head(*client);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 401 Unauthorized\r\n")) << authorization;
    EXPECT_NE(head.find("WWW-Authenticate: Basic realm=\"mine\"\r\n"), head.npos) << head;
    receive_until(*client, "401 Unauthorized\n");
  }
  EXPECT_EQ(origin.accepted, 0);
}

TEST(BasicAuth, OptionsThatMakeNoSense) {
  const auto next = std::make_shared<middleware::NextForTest>();
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/users";
  std::ofstream(path) << "# comment\n\n" << kTest << "\nbroken\n";
  for (const auto& [options, error] : std::vector<std::pair<config::dynamic::BasicAuth, std::string_view>>{
           {{}, "no users found"},
           {{.users = {"test"}}, "a line is not name:hash"},
           {{.users = {"test:plain"}}, "the hash of user \"test\" is none of"},
           {{.users_file = "/nonexistent"}, "usersFile /nonexistent: No such file"},
           {{.users_file = path}, "users:4: error parsing BasicUser"},
           {{.users = {kTest}, .realm = "a\"b"}, "realm cannot hold"},
           {{.users = {kTest}, .header_field = "a b"}, "headerField \"a b\" is no field name"},
       }) {
    const auto handler = middleware::make_basic_auth(options, next);
    ASSERT_FALSE(handler) << error;
    EXPECT_NE(handler.error().message.find(error), std::string::npos) << handler.error().message;
  }
}

}  // namespace
}  // namespace fl::proxy
