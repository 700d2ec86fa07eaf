#include "proxy/tls_hosts.h"

#include <gtest/gtest.h>

#include <list>

#include "proxy/build/tls_hosts_builder.h"
#include "proxy/entry_point.h"

namespace fl::proxy {
namespace {

class TlsHostsTest : public ::testing::Test {
 protected:
  void add(const std::string& name, const char* rule, const std::string& options) {
    builder.add(*names.emplace(names.end(), name), web, options, rules::Rule::compile(rule).value());
    reports[name];
  }
  std::list<std::string> names;  // the builder keeps references, as it does to the configuration's
  const std::vector<std::string> web{"web"};
  config::Objects<RouterReport> reports;
  TlsHostsBuilder builder{reports};
};

TEST_F(TlsHostsTest, ExactBeforeWildcardBeforeDefault) {
  add("a", "Host(`a.test`) && Path(`/`)", "strict@file");
  add("b", "Host(`*.test`) || Host(`b.example`)", "loose@file");
  const TlsHosts hosts = builder.build("web");
  EXPECT_EQ(hosts.options_of("a.test"), "strict@file");
  EXPECT_EQ(hosts.options_of("x.test"), "loose@file");
  EXPECT_EQ(hosts.options_of("b.example"), "loose@file");
  EXPECT_EQ(hosts.options_of("y.x.test"), "default");
  EXPECT_EQ(hosts.find(""), nullptr);
  EXPECT_FALSE(hosts.any_host());
  EXPECT_TRUE(hosts.differ());
  EXPECT_TRUE(builder.build("other").empty());
}

TEST_F(TlsHostsTest, ARouterThatNamesNoHostTakesAny) {
  add("all", "PathPrefix(`/`)", "default");
  add("not", "!Host(`a.test`)", "strict@file");
  const TlsHosts hosts = builder.build("web");
  EXPECT_TRUE(hosts.any_host());
  EXPECT_EQ(hosts.find("a.test"), nullptr);
  EXPECT_FALSE(hosts.differ());
  EXPECT_EQ(reports.at("all").status, Status::enabled);
  EXPECT_EQ(reports.at("not").status, Status::warning);
  builder.build("web");  // as of another entry point
  EXPECT_EQ(
      reports.at("not").errors,
      std::vector<std::string>{"no domain found in rule !Host(`a.test`), so the TLS options applied depend on the "
                               "server name of each connection: strict@file are not this router's"});
}

TEST_F(TlsHostsTest, DifferentOptionsForOneHostAreNobodys) {
  add("a", "Host(`a.test`)", "strict@file");
  add("b", "Host(`a.test`) && Path(`/b`)", "default");
  add("c", "Host(`c.test`)", "strict@file");
  const TlsHosts hosts = builder.build("web");
  EXPECT_EQ(hosts.options_of("a.test"), "default");
  EXPECT_EQ(hosts.options_of("c.test"), "strict@file");
  for (const auto* name : {"a", "b"}) {
    EXPECT_EQ(reports.at(name).status, Status::warning);
    EXPECT_EQ(reports.at(name).errors,
              std::vector<std::string>{"found different TLS options for routers on the same host a.test, so using the "
                                       "default TLS options instead"});
  }
  EXPECT_EQ(reports.at("c").status, Status::enabled);
}

TEST_F(TlsHostsTest, MisdirectedIsWhatNeedsOtherOptions) {
  add("a", "Host(`a.test`)", "strict@file");
  add("b", "Host(`b.test`) || Host(`c.test`)", "default");
  const TlsHosts hosts = builder.build("web");
  const auto is_misdirected_from = [&](const char* server_name, const char* host) {
    tls::Negotiated negotiated;
    negotiated.server_name = server_name;
    http::ConnectionInfo connection;
    connection.negotiated = &negotiated;
    return is_misdirected(hosts, connection, host);
  };
  EXPECT_TRUE(is_misdirected_from("b.test", "a.test"));
  EXPECT_TRUE(is_misdirected_from("", "a.test"));
  EXPECT_TRUE(is_misdirected_from("a.test", "other.test"));
  EXPECT_FALSE(is_misdirected_from("a.test", "a.test"));
  EXPECT_FALSE(is_misdirected_from("b.test", "c.test"));
  EXPECT_FALSE(is_misdirected_from("other.test", ""));
  EXPECT_FALSE(is_misdirected(hosts, {}, "a.test")) << "a plain connection has no options";
}

}  // namespace
}  // namespace fl::proxy
