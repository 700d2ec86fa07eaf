#include "proxy/middleware/errors.h"

#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

class ErrorsTest : public ProxyForTest {
 protected:
  BuildResult start(config::dynamic::Errors errors) {
    configuration = all_to({origin.url()});
    configuration.http.services["pages@file"] = all_to({page_origin.url()}).http.services["app@file"];
    if (errors.service.empty()) errors.service = "pages@file";
    configuration.http.middlewares["pages@file"].errors = std::move(errors);
    configuration.http.routers["all@file"].middlewares = {"pages@file"};
    client = connect();
    return publish(configuration);
  }
  // Sends the request; the server answers with this status. -> the head it got
  std::string serve(const std::string& request, std::string_view status) {
    client->send(request);
    if (!server) server = accept_at(origin);
    std::string head = receive_head(*server);
    server->send("HTTP/1.1 " + std::string(status) + " \r\nX-Of: service\r\nContent-Length: 4\r\n\r\nsome");
    return head;
  }
  std::string page_request() {
    if (!page_server) page_server = accept_at(page_origin);
    return receive_head(*page_server);
  }
  void send_page() { page_server->send("HTTP/1.1 200 OK\r\nX-Of: pages\r\nContent-Length: 4\r\n\r\npage"); }

  Configuration configuration;
  testing::Origin origin{loop}, page_origin{loop};
  std::unique_ptr<Peer> client, server, page_server;
};

TEST_F(ErrorsTest, ThePageStandsForTheAnswer) {
  start({.status = {"500-599", "404"}, .query = "/{status}.html?from={url}&was={originalStatus}"});
  for (const std::string_view status : {"503", "404"}) {
    serve("POST /a%20b?c=d&e HTTP/1.1\r\nHost: h.test\r\nX-Mine: 1\r\nContent-Length: 0\r\n\r\n", status);
    const std::string head = page_request();
    EXPECT_TRUE(head.starts_with("GET /" + std::string(status) +
                                 ".html?from=http%3A%2F%2Fh.test%2Fa%2520b%3Fc%3Dd%26e&was=" + std::string(status) +
                                 " HTTP/1.1\r\nHost: h.test\r\n"))
        << head;
    EXPECT_NE(head.find("X-Mine: 1\r\n"), head.npos);
    EXPECT_NE(head.find("X-Forwarded-For: 10.0.0.9\r\n"), head.npos) << head;
    send_page();
    const std::string answer = receive_head(*client);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(status) + " ")) << answer;
    EXPECT_NE(answer.find("X-Of: pages\r\n"), answer.npos);
    EXPECT_EQ(answer.find("X-Of: service\r\n"), answer.npos);
    EXPECT_EQ(receive_until(*client, "page"), "page");
  }
  EXPECT_EQ(records.back().path, "/a%20b");
  serve("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "403");
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(receive_until(*client, "some"), "some");
}

TEST_F(ErrorsTest, AnAnswerToHeadHasNoPage) {
  start({.status = {"500"}});
  serve("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "500");
  EXPECT_TRUE(page_request().starts_with("GET / "));
  send_page();
  const std::string answer = receive_head(*client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
  EXPECT_NE(answer.find("Content-Length: 4\r\n"), answer.npos);
  quiesce();
  EXPECT_EQ(client->take(), "");
}

// What of it is still to come must not be taken for a request.
TEST_F(ErrorsTest, AnUploadThatNobodyReadsEndsTheConnection) {
  start({.status = {"500"}});
  serve("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /", "500");
  page_request();
  send_page();
  receive_head(*client);
  EXPECT_EQ(receive_until(*client, "page"), "page");
  EXPECT_TRUE(turn_until([&] { return client->ended; }));
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(ErrorsTest, FieldsAndStatus) {
  start({.status = {"418", "500-502"},
         .status_rewrites = {{"418", 400}, {"500-501", 404}},
         .error_request_headers = {{"x-mine", "Absent"}}});
  for (const auto& [was, is] : {std::pair{"418", "400"}, {"501", "404"}, {"502", "502"}}) {
    serve("GET / HTTP/1.1\r\nHost: h\r\nX-Mine: 1\r\nCookie: secret\r\n\r\n", was);
    const std::string head = page_request();
    EXPECT_NE(head.find("X-Mine: 1\r\n"), head.npos) << head;
    EXPECT_EQ(head.find("secret"), head.npos) << head;
    EXPECT_NE(head.find("X-Forwarded-For: 10.0.0.9\r\n"), head.npos) << head;
    send_page();
    EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 " + std::string(is) + " "));
    EXPECT_EQ(receive_until(*client, "page"), "page");
  }
}

TEST_F(ErrorsTest, ThePageMayFailToo) {
  start({.status = {"500"}});
  page_origin.stop_listening();
  serve("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "500");
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(receive_until(*client, "Bad Gateway"), "Bad Gateway");
}

TEST_F(ErrorsTest, WrongOptions) {
  const auto error = [this](config::dynamic::Errors errors) {
    const auto built = start(std::move(errors));
    const auto& middleware = built.report->middlewares.at("pages@file");
    return !middleware.errors.empty() ? middleware.errors[0] : built.report->routers.at("all@file").errors.at(0);
  };
  EXPECT_EQ(error({.status = {"5xx"}}), "\"5xx\" is neither a status code nor a range such as 500-599");
  EXPECT_EQ(error({.status = {"500"}, .status_rewrites = {{"500", 99}}}),
            "statusRewrites 500: 99 is no status to answer with");
  EXPECT_EQ(error({.status = {"500"}, .query = "/a b"}),
            "query \"/a b\" has characters that cannot stand in a URL's path or query");
  EXPECT_EQ(error({.status = {"500"}, .service = "nobody@file"}), "the service \"nobody@file\" does not exist");
}

// A router whose pages come from another service now is not the one it was.
TEST_F(ErrorsTest, AChangedServiceOfPagesIsUsed) {
  start({.status = {"500"}});
  testing::Origin other{loop};
  configuration.http.services["pages@file"] = all_to({other.url()}).http.services["app@file"];
  publish(configuration);
  serve("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "500");
  page_server = accept_at(other);
  page_request();
  send_page();
  EXPECT_EQ(receive_until(*client, "page").substr(0, 13), "HTTP/1.1 500 ");
}

}  // namespace
}  // namespace fl::proxy
