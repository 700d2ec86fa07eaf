#include "proxy/middleware/headers.h"

#include "proxy/middleware/exchange_for_test.h"

namespace fl::proxy::middleware {
namespace {

using Options = config::dynamic::Headers;

HandlerPtr make(const Options& options, Fields answered = {}) {
  auto handler = make_headers(options, std::make_shared<NextForTest>(std::move(answered)));
  EXPECT_TRUE(handler) << handler.error().message;
  return *handler;
}

void expect_fields(const http::HeaderMap& headers, const Fields& want) {
  for (const auto& [name, value] : want) EXPECT_EQ(joined(headers, name), value) << name;
}

TEST(Headers, CustomRequestFields) {
  ExchangeForTest x("/", {{"Foo", "bar"}, {"Gone", "1"}, {"gone", "2"}, {"Foo", "baz"}});
  run(make({.custom_request_headers =
                {{"x-custom-name", " test "}, {"foo", "new"}, {"GONE", ""}, {"hOST", "b.test:80"}}}),
      x);
  expect_fields(x.request.headers, {{"X-Custom-Name", "test"}, {"Foo", "new"}, {"Gone", "(none)"}, {"Host", "(none)"}});
  EXPECT_EQ(x.request.authority, "b.test:80");
  EXPECT_EQ(x.request.headers[0].name, "Foo") << "spelled as usual";
  EXPECT_EQ(x.response.status, 200);
}

TEST(Headers, EmptyForwardedForTellsForwardNotToAppend) {
  ExchangeForTest x("/", {{"X-Forwarded-For", "1.1.1.1"}});
  run(make({.custom_request_headers = {{"X-Forwarded-For", ""}}}), x);
  expect_fields(x.request.headers, {{"X-Forwarded-For", ""}});
}

TEST(Headers, CustomResponseFields) {
  ExchangeForTest x;
  run(make({.custom_response_headers = {{"testing", "foo"}, {"Server", ""}, {"X-Frame-Options", "SAMEORIGIN"}},
            .frame_deny = true},
           {{"Foo", "bar"}, {"server", "nginx"}, {"Testing", "1"}, {"Testing", "2"}}),
      x);
  expect_fields(x.response.headers,
                {{"Foo", "bar"}, {"Server", "(none)"}, {"Testing", "foo"}, {"X-Frame-Options", "SAMEORIGIN"}});
  EXPECT_EQ(x.body(), "next");
}

const Fields kAsks{{"Origin", "https://foo.bar.org"},
                   {"Access-Control-Request-Method", "PUT"},
                   {"Access-Control-Request-Headers", "x-a,x-b"}};

TEST(Cors, Preflight) {
  struct Case {
    Options options;
    std::string_view origin, credentials, methods, headers, max_age;
  };
  const std::vector<std::string> any{"*"};
  for (const Case& c : std::initializer_list<Case>{
           {{.access_control_allow_methods = {"GET", "OPTIONS", "PUT"},
             .access_control_allow_origin_list = any,
             .access_control_max_age = 600},
            "*",
            "(none)",
            "GET,OPTIONS,PUT",
            "(none)",
            "600"},
           {{.access_control_allow_headers = {"origin", "X-Forwarded-For"}, .access_control_allow_origin_list = any},
            "*",
            "(none)",
            "(none)",
            "origin,X-Forwarded-For",
            "(none)"},
           {{.access_control_allow_credentials = true, .access_control_allow_origin_list = any},
            "https://foo.bar.org",
            "true",
            "(none)",
            "(none)",
            "(none)"},
           {{.access_control_allow_headers = any, .access_control_allow_methods = any},
            "(none)",
            "(none)",
            "*",
            "*",
            "(none)"},
           {{.access_control_allow_credentials = true,
             .access_control_allow_headers = any,
             .access_control_allow_methods = any},
            "(none)",
            "true",
            "PUT",
            "x-a,x-b",
            "(none)"},
           {{.access_control_allow_origin_list = {"https://other.org"}},
            "(none)",
            "(none)",
            "(none)",
            "(none)",
            "(none)"},
           {{.access_control_expose_headers = any}, "(none)", "(none)", "(none)", "(none)", "(none)"},
           {{.add_vary_header = true}, "(none)", "(none)", "(none)", "(none)", "(none)"},
       }) {
    const auto next = std::make_shared<NextForTest>();
    const auto handler = make_headers(c.options, next);
    ASSERT_TRUE(handler);
    ExchangeForTest x("/foo", kAsks);
    x.set_method("OPTIONS");
    run(*handler, x);
    EXPECT_EQ(next->calls, 0);
    EXPECT_EQ(x.response.status, 200);
    EXPECT_EQ(x.response.content_length, 0);
    expect_fields(x.response.headers, {{"Access-Control-Allow-Origin", std::string(c.origin)},
                                       {"Access-Control-Allow-Credentials", std::string(c.credentials)},
                                       {"Access-Control-Allow-Methods", std::string(c.methods)},
                                       {"Access-Control-Allow-Headers", std::string(c.headers)},
                                       {"Access-Control-Max-Age", std::string(c.max_age)},
                                       {"Access-Control-Expose-Headers", "(none)"},
                                       {"Content-Type", "(none)"},
                                       {"Vary", "(none)"}});
  }
}

TEST(Cors, WhatIsNoPreflightIsForwarded) {
  const Options cors{.access_control_allow_origin_list = {"*"}};
  struct Case {
    Options options;
    std::string_view method;
    Fields fields;
  };
  for (const Case& c : std::initializer_list<Case>{
           {cors, "GET", kAsks},
           {cors, "OPTIONS", {{"Origin", "https://foo.bar.org"}}},
           {cors, "OPTIONS", {{"Access-Control-Request-Method", "GET"}}},
           {cors, "OPTIONS", {{"Origin", ""}, {"Access-Control-Request-Method", "GET"}}},
           {{.custom_request_headers = {{"foo", "bar"}}}, "OPTIONS", kAsks},
           {{.frame_deny = true}, "OPTIONS", kAsks},
       }) {
    ExchangeForTest x("/foo", c.fields);
    x.set_method(c.method);
    run(make(c.options), x);
    EXPECT_EQ(x.body(), "next") << c.method;
  }
}

TEST(Cors, Answer) {
  struct Case {
    Options options;
    std::string_view origin;
    Fields answered, want;
  };
  const std::string allow_origin = "Access-Control-Allow-Origin", expose = "Access-Control-Expose-Headers";
  const Options any{.access_control_allow_origin_list = {"*"}};
  const Options one{.access_control_allow_origin_list = {"https://a.test", "https://b.test"}};
  const Options matching{.access_control_allow_origin_list_regex = {R"(^https?://([a-z]+)\.bar\.org$)", "^$"}};
  const Options vary{.add_vary_header = true};
  for (const Case& c : std::initializer_list<Case>{
           {any, "https://a.test", {}, {{allow_origin, "*"}, {"Vary", "(none)"}}},
           {any, "", {}, {{allow_origin, "*"}}},
           {any, "https://a.test", {{allow_origin, "http://old"}}, {{allow_origin, "*"}}},
           {one, "https://b.test", {}, {{allow_origin, "https://b.test"}}},
           {one, "https://B.test", {}, {{allow_origin, "(none)"}}},
           {one, "https://c.test", {{allow_origin, "http://old"}}, {{allow_origin, "http://old"}}},
           {matching, "http://foo.bar.org", {}, {{allow_origin, "http://foo.bar.org"}}},
           {matching, "http://foo.bar.org.evil.test", {}, {{allow_origin, "(none)"}}},
           {matching, "", {}, {{allow_origin, "(none)"}}},
           {{.access_control_allow_credentials = true, .access_control_allow_origin_list = {"*"}},
            "https://a.test",
            {},
            {{allow_origin, "https://a.test"}, {"Access-Control-Allow-Credentials", "true"}}},
           {{.access_control_allow_credentials = true, .access_control_allow_origin_list = {"*"}},
            "",
            {},
            {{allow_origin, "(none)"}, {"Access-Control-Allow-Credentials", "true"}}},
           {{.access_control_expose_headers = {"a", "b"}}, "", {}, {{expose, "a,b"}}},
           {{.access_control_expose_headers = {"*"}}, "", {}, {{expose, "*"}}},
           {{.access_control_allow_credentials = true, .access_control_expose_headers = {"*"}},
            "",
            {},
            {{expose, "(none)"}}},
           {vary, "", {}, {{"Vary", "Origin"}}},
           {vary, "", {{"Vary", "Accept-Encoding"}}, {{"Vary", "Accept-Encoding, Origin"}}},
           {vary, "", {{"Vary", "a, origin"}}, {{"Vary", "a, origin"}}},
       }) {
    ExchangeForTest x("/");
    if (!c.origin.empty()) x.request.headers.append(http::HeaderId::origin, c.origin);
    run(make(c.options, c.answered), x);
    expect_fields(x.response.headers, c.want);
    EXPECT_EQ(x.body(), "next");
  }
}

TEST(SecurityHeaders, FieldsOfTheAnswer) {
  struct Case {
    Options options;
    Fields want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {{.frame_deny = true}, {{"X-Frame-Options", "DENY"}}},
           {{.frame_deny = true, .custom_frame_options_value = "SAMEORIGIN"}, {{"X-Frame-Options", "SAMEORIGIN"}}},
           {{.content_type_nosniff = true}, {{"X-Content-Type-Options", "nosniff"}}},
           {{.browser_xss_filter = true}, {{"X-XSS-Protection", "1; mode=block"}}},
           {{.custom_browser_xss_value = "0"}, {{"X-XSS-Protection", "0"}}},
           {{.content_security_policy = "a"}, {{"Content-Security-Policy", "a"}}},
           {{.content_security_policy_report_only = "b"}, {{"Content-Security-Policy-Report-Only", "b"}}},
           {{.referrer_policy = "c"}, {{"Referrer-Policy", "c"}}},
           {{.permissions_policy = "d"}, {{"Permissions-Policy", "d"}}},
           {{.public_key = "e"}, {{"Public-Key-Pins", "(none)"}}},
           {{.referrer_policy = "new"}, {{"Referrer-Policy", "new"}, {"X-Frame-Options", "(none)"}}},
       }) {
    ExchangeForTest x;
    run(make(c.options, {{"Referrer-Policy", "old"}}), x);
    expect_fields(x.response.headers, c.want);
  }
}

TEST(SecurityHeaders, WhatDependsOnTls) {
  struct Case {
    Options options;
    bool tls;
    std::string_view proto, sts;
  };
  const Options plain{.sts_seconds = 60, .public_key = "k"};
  for (const Case& c : std::initializer_list<Case>{
           {plain, true, "", "max-age=60"},
           {plain, false, "", "(none)"},
           {plain, false, "https", "(none)"},
           {{.ssl_proxy_headers = {{"x-forwarded-proto", "https"}}, .sts_seconds = 60}, false, "https", "max-age=60"},
           {{.ssl_proxy_headers = {{"X-Forwarded-Proto", "https"}}, .sts_seconds = 60}, false, "http", "(none)"},
           {{.sts_seconds = 60, .sts_include_subdomains = true, .sts_preload = true, .force_sts_header = true},
            false,
            "",
            "max-age=60; includeSubDomains; preload"},
           {{.sts_seconds = 60, .sts_preload = true}, true, "", "max-age=60; preload"},
           {{.sts_seconds = 60, .force_sts_header = true, .is_development = true}, true, "", "(none)"},
           {{.sts_include_subdomains = true, .force_sts_header = true}, true, "", "(none)"},
           {{.sts_seconds = 0}, true, "", "(none)"},  // a valid configuration all the same
       }) {
    ExchangeForTest x;
    x.info.tls = c.tls;
    if (!c.proto.empty()) x.request.headers.append(http::HeaderId::x_forwarded_proto, c.proto);
    run(make(c.options), x);
    expect_fields(x.response.headers, {{"Strict-Transport-Security", std::string(c.sts)}});
    if (c.options.public_key == "k") expect_fields(x.response.headers, {{"Public-Key-Pins", c.tls ? "k" : "(none)"}});
  }
}

TEST(SecurityHeaders, AllowedHosts) {
  struct Case {
    Options options;
    std::string_view host;
    Fields fields;
    bool allowed;
  };
  const Options hosts{.allowed_hosts = {"a.test", "b.test:80"}};
  const Options by_proxy{.allowed_hosts = {"a.test"}, .hosts_proxy_headers = {"X-Absent", "x-forwarded-host"}};
  for (const Case& c : std::initializer_list<Case>{
           {hosts, "A.test", {}, true},
           {hosts, "b.test:80", {}, true},
           {hosts, "b.test", {}, false},
           {hosts, "c.test", {{"X-Forwarded-Host", "a.test"}}, false},
           {by_proxy, "c.test", {{"X-Forwarded-Host", "a.test"}}, true},
           {by_proxy, "a.test", {{"X-Forwarded-Host", "c.test"}}, false},
           {by_proxy, "a.test", {{"X-Forwarded-Host", ""}}, true},
           {{.custom_request_headers = {{"Host", "a.test"}}, .allowed_hosts = {"a.test"}}, "c.test", {}, true},
           {{.allowed_hosts = {"a.test"}, .is_development = true}, "c.test", {}, true},
       }) {
    ExchangeForTest x("/", c.fields);
    x.request.authority = c.host;
    run(make(c.options), x);
    EXPECT_EQ(x.response.status, c.allowed ? 200 : 500) << c.host;
    EXPECT_EQ(x.body(), c.allowed ? "next" : "Bad Host\n");
  }
}

TEST(Headers, WrongOptions) {
  EXPECT_EQ(make_headers({}, nullptr).error().message, "headers configuration not valid");
  const Options wrong[] = {
      {.custom_request_headers = {{"a b", "c"}}},    {.custom_request_headers = {{"", "c"}}},
      {.custom_request_headers = {{"Host", "a b"}}}, {.custom_response_headers = {{"a", "b\r\nc: d"}}},
      {.access_control_allow_headers = {"a\n"}},     {.access_control_allow_origin_list_regex = {"("}},
      {.access_control_expose_headers = {"a\n"}},    {.content_security_policy = "a\nb"},
  };
  for (const Options& options : wrong) EXPECT_FALSE(make_headers(options, nullptr));
}

}  // namespace
}  // namespace fl::proxy::middleware
