#include "proxy/middleware/digest_auth.h"

#include "base/password.h"
#include "proxy/middleware/digest_nonces.h"
#include "proxy/middleware/exchange_for_test.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

const std::string kTest = "test:traefik:" + md5_hex("test:traefik:pass");

class DigestAuthTest : public ProxyForTest {
 protected:
  void start(config::dynamic::DigestAuth options = {.users = {kTest}}) {
    Configuration configuration = all_to({origin.url()});
    configuration.http.middlewares["auth@file"].digest_auth = std::move(options);
    configuration.http.middlewares["strip@file"].strip_prefix = config::dynamic::StripPrefix{.prefixes = {"/a"}};
    configuration.http.routers["all@file"].middlewares = {"strip@file", "auth@file"};
    publish(configuration);
    client = connect();
  }
  // -> the challenge; nonce and opaque are taken from it
  std::string refused(const std::string& authorization) {
    client->send("GET /a/b?c HTTP/1.1\r\nHost: h\r\n" + authorization + "\r\n");
    const std::string head = receive_head(*client);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 401 ")) << head;
    receive_until(*client, "401 Unauthorized\n");
    nonce = value_in(head, "nonce");
    opaque = value_in(head, "opaque");
    return head;
  }
  // -> the head as the server gets it
  std::string served(const std::string& authorization) {
    client->send("GET /a/b?c HTTP/1.1\r\nHost: h\r\n" + authorization + "\r\n");
    if (!server) server = accept_at(origin);
    std::string head = receive_head(*server);
    server->send("HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 204 "));
    return head;
  }
  static std::string value_in(const std::string& head, const std::string& name) {
    const size_t begin = head.find(name + "=\"") + name.size() + 2;
    return head.substr(begin, head.find('"', begin) - begin);
  }
  std::string digest(const std::string& nc, const std::string& password = "pass", const std::string& uri = "/a/b?c",
                     const std::string& user = "test") {
    const std::string response =
        md5_hex(md5_hex(user + ":traefik:" + password) + ":" + nonce + ":" + nc + ":cn:auth:" + md5_hex("GET:" + uri));
    return "Authorization: Digest username=\"" + user + "\", realm=\"traefik\", nonce=\"" + nonce + "\", uri=\"" + uri +
           "\", algorithm=MD5, response=\"" + response + "\", qop=auth, nc=" + nc + ", cnonce=\"cn\", opaque=\"" +
           opaque + "\"\r\n";
  }

  std::string nonce, opaque;
  testing::Origin origin{loop};
  std::unique_ptr<Peer> client, server;
};

TEST_F(DigestAuthTest, WhoKnowsThePasswordGoesOn) {
  start();
  const std::string challenge = refused("");
  EXPECT_NE(challenge.find("WWW-Authenticate: Digest realm=\"traefik\", nonce=\""), challenge.npos) << challenge;
  EXPECT_NE(challenge.find("algorithm=MD5, qop=\"auth\"\r\n"), challenge.npos) << challenge;
  const std::string head = served(digest("00000001"));
  EXPECT_TRUE(head.starts_with("GET /b?c ")) << "the client has signed what it sent: " << head;
  EXPECT_NE(head.find("Authorization: Digest"), head.npos);
  served(digest("00000002"));
  served(digest("0000000a"));
}

TEST_F(DigestAuthTest, NoRequestCountsTwice) {
  start();
  refused("");
  const std::string once = digest("00000002");
  served(once);
  EXPECT_NE(refused(once).find("stale=true"), std::string::npos);
  served(digest("00000001"));
  const std::string late = digest("00000002");
  pass(2h);
  client = connect();
  EXPECT_NE(refused(late).find("stale=true"), std::string::npos) << "a nonce is good for an hour";
}

TEST_F(DigestAuthTest, EverybodyElseIsAsked) {
  start();
  refused("");
  const std::string good_nonce = nonce, good_opaque = opaque;
  const auto is_refused = [&](const std::string& authorization) {
    const std::string head = refused(authorization);
    EXPECT_EQ(head.find("stale"), head.npos) << authorization;
    nonce = good_nonce;
    opaque = good_opaque;
  };
  is_refused(digest("00000001", "wrong"));
  is_refused(digest("00000001", "pass", "/other"));
  is_refused(digest("00000001", "pass", "/a/b?c", "nobody"));
  is_refused(digest("zz"));
  is_refused("Authorization: Basic dGVzdDp0ZXN0\r\n");
  is_refused("Authorization: Digest\r\n");
  is_refused("Authorization: Digest username=\"test\r\n");
  is_refused("Authorization: Digest username=\"te\\\r\n");
  is_refused("Authorization: Digest a b=c\r\n");
  is_refused("Authorization: Digest username=test response=\r\n");
  opaque = "0";
  is_refused(digest("00000001"));
  EXPECT_EQ(origin.accepted, 0);
  nonce = "1-0123456789abcdef0123456789abcdef";
  EXPECT_NE(refused(digest("00000001")).find("stale=true"), std::string::npos) << "a nonce that is not ours";
}

TEST_F(DigestAuthTest, TheNameInAFieldAndNoAuthorization) {
  start({.users = {kTest}, .remove_header = true, .header_field = "X-User"});
  refused("");
  const std::string head = served(digest("00000001") + "x-user: root\r\n");
  EXPECT_EQ(head.find("Authorization"), head.npos);
  EXPECT_EQ(head.find("root"), head.npos);
  EXPECT_NE(head.find("X-User: test\r\n"), head.npos) << head;
}

TEST(DigestNonces, AreForgottenWhenThereAreTooMany) {
  middleware::DigestNonces nonces;
  TimePoint now(1h);
  const std::string first = nonces.make(now);
  EXPECT_TRUE(nonces.use(first, 1, now));
  EXPECT_FALSE(nonces.use(first, 1, now));
  EXPECT_NE(nonces.make(now), nonces.make(now)) << "two clients never share one";
  for (int i = 0; i < 4095; ++i) {
    now += 1us;
    EXPECT_TRUE(nonces.use(nonces.make(now), 1, now));
  }
  const std::string one_too_many = nonces.make(now += 1us);
  EXPECT_FALSE(nonces.use(one_too_many, 1, now));
  EXPECT_FALSE(nonces.use(first, 2, now)) << "what is forgotten cannot be used again";
  now += 1us;
  EXPECT_TRUE(nonces.use(nonces.make(now), 1, now));
}

TEST(DigestAuth, OptionsThatMakeNoSense) {
  for (const auto& [options, error] : std::vector<std::pair<config::dynamic::DigestAuth, std::string_view>>{
           {{}, "no users found"},
           {{.users = {"test"}}, "a line is not name:realm:hash"},
           {{.users_file = "/nonexistent"}, "usersFile /nonexistent: No such file"},
           {{.users = {kTest}, .realm = "a\"b"}, "realm cannot hold"},
           {{.users = {kTest}, .header_field = "a b"}, "headerField \"a b\" is no field name"},
       }) {
    const auto handler = middleware::make_digest_auth(options, nullptr);
    ASSERT_FALSE(handler) << error;
    EXPECT_NE(handler.error().message.find(error), std::string::npos) << handler.error().message;
  }
}

}  // namespace
}  // namespace fl::proxy
