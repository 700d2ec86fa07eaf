#include "telemetry/access_log_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "base/json.h"

namespace fl::telemetry {
namespace {

using namespace std::string_view_literals;
using http::HeaderId;
using Format = AccessLogOptions::Format;

void set_zone(const char* zone) {
  ::setenv("TZ", zone, 1);
  ::tzset();
}

// One request with everything there is to know about it.
struct Sample {
  http::HeaderMap request, origin, response;
  RequestRecord record;

  Sample() {
    set_zone("UTC");
    request.append("User-Agent", "curl/8.5");
    request.append("Host", "a.test");
    request.append("accept", "text/html");
    request.append("x-trace-id", "7");
    request.append("Accept", "*/*");
    request.append("Authorization", "Basic c2VjcmV0");
    origin.append("server", "nginx");
    response.append("Content-Type", "text/plain");
    record.start_wall = WallTime(1795230000s + 120300400ns);  // 2026-11-21T03:00:00.1203004Z
    record.duration = 3012345ns;
    record.entry_point = "web";
    record.router = "web@docker";
    record.service = "app@docker";
    record.server_url = "http://172.17.0.3:80";
    record.server_address = "172.17.0.3:80";
    record.client_ip = "10.0.0.9";
    record.client_port = 51000;
    record.method = "GET";
    record.host = "a.test";
    record.path = "/a";
    record.query = "x=1&y=2";
    record.has_query = true;
    record.status = 200;
    record.response_bytes = 12;
    record.origin_status = 200;
    record.origin_bytes = 18;
    record.origin_duration = 2900000ns;
    record.request_headers = &request;
    record.origin_headers = &origin;
    record.response_headers = &response;
  }
};

std::string line(const RequestRecord& record, AccessLogOptions options = {}) {
  std::string out;
  AccessLogLine(std::move(options)).append(out, record, 7);
  return out;
}

AccessLogOptions keeping_agent() { return {.header_names = {{"user-agent", FieldMode::keep}}}; }

TEST(AccessLogLine, Common) {
  Sample s;
  EXPECT_EQ(line(s.record),
            R"(10.0.0.9 - - [21/Nov/2026:03:00:00 +0000] "GET /a?x=1&y=2 HTTP/1.1" 200 12 "-" "-" 7 "web@docker" )"
            R"("http://172.17.0.3:80" 3ms)"
            "\n");
  s.record.forwarded_for = "192.0.2.1, 192.0.2.2";
  s.record.client_user = "ada";
  s.record.router = s.record.server_url = "";
  s.record.status = 404;
  s.record.response_bytes = 0;
  s.record.version = http::Version::http2;
  EXPECT_EQ(line(s.record, keeping_agent()),
            R"(192.0.2.1, 192.0.2.2 - ada [21/Nov/2026:03:00:00 +0000] "GET /a?x=1&y=2 HTTP/2.0" 404 0 "-" "curl/8.5")"
            R"( 7 "-" "-" 3ms)"
            "\n");
}

TEST(AccessLogLine, GenericClfEndsWithTheUserAgent) {
  Sample s;
  auto options = keeping_agent();
  options.format = Format::generic_clf;
  options.header_names = {{"User-Agent", FieldMode::redact}, {"Referer", FieldMode::keep}};
  s.request.append("Referer", "http://b.test/");
  EXPECT_EQ(line(s.record, options),
            R"(10.0.0.9 - - [21/Nov/2026:03:00:00 +0000] "GET /a?x=1&y=2 HTTP/1.1" 200 12 "http://b.test/" "REDACTED")"
            "\n");
}

TEST(AccessLogLine, DroppedFieldsAndQuery) {
  Sample s;
  AccessLogOptions options{.names = {{"clienthost", FieldMode::drop},
                                     {"StartUTC", FieldMode::drop},
                                     {"StartLocal", FieldMode::drop},
                                     {"DownstreamStatus", FieldMode::drop},
                                     {"RouterName", FieldMode::drop},
                                     {"Duration", FieldMode::drop}},
                           .keep_query = false};
  EXPECT_EQ(line(s.record, options), R"(- - - [-] "GET /a HTTP/1.1" - 12 "-" "-" 7 "-" "http://172.17.0.3:80" 0ms)"
                                     "\n");
}

TEST(AccessLogLine, LocalTime) {
  Sample s;
  set_zone("<+0530>-5:30");
  const std::string text = line(s.record, {.names = {{"StartUTC", FieldMode::drop}}});
  const std::string json = line(s.record, {.format = Format::json});
  EXPECT_TRUE(text.contains("[21/Nov/2026:08:30:00 +0530]")) << text;
  EXPECT_TRUE(json.contains(R"("StartLocal":"2026-11-21T08:30:00.1203004+05:30")")) << json;
  EXPECT_TRUE(json.contains(R"("StartUTC":"2026-11-21T03:00:00.1203004Z")")) << json;
  EXPECT_TRUE(json.contains(R"("time":"2026-11-21T08:30:00+05:30")")) << json;
}

TEST(AccessLogLine, Json) {
  Sample s;
  AccessLogOptions options{.format = Format::json,
                           .default_header_mode = FieldMode::keep,
                           .header_names = {{"authorization", FieldMode::redact}, {"Server", FieldMode::keep}}};
  EXPECT_EQ(
      line(s.record, options),
      R"({"ClientAddr":"10.0.0.9:51000","ClientHost":"10.0.0.9","ClientPort":"51000","ClientUsername":"-",)"
      R"("DownstreamContentSize":12,"DownstreamStatus":200,"Duration":3012345,"GzipRatio":1.5,"OriginContentSize":18,)"
      R"("OriginDuration":2900000,"OriginStatus":200,"Overhead":112345,"RequestAddr":"a.test","RequestContentSize":0,)"
      R"("RequestCount":7,"RequestHost":"a.test","RequestMethod":"GET","RequestPath":"/a?x=1\u0026y=2",)"
      R"("RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,)"
      R"("RouterName":"web@docker","ServiceAddr":"172.17.0.3:80","ServiceName":"app@docker",)"
      R"("ServiceURL":"http://172.17.0.3:80","StartLocal":"2026-11-21T03:00:00.1203004Z",)"
      R"("StartUTC":"2026-11-21T03:00:00.1203004Z","downstream_Content-Type":"text/plain","entryPointName":"web",)"
      R"("level":"info","msg":"","origin_Server":"nginx","request_Accept":"text/html,*/*",)"
      R"("request_Authorization":"REDACTED","request_User-Agent":"curl/8.5","request_X-Trace-Id":"7",)"
      R"("time":"2026-11-21T03:00:00Z"})"
      "\n");
}

TEST(AccessLogLine, JsonSaysWhenTheServersAnswerBrokeOff) {
  Sample s;
  s.record.origin_error = "truncated";
  const std::string json = line(s.record, {.format = Format::json});
  EXPECT_TRUE(json.contains(R"("OriginDuration":2900000,"OriginError":"truncated","OriginStatus":200,)")) << json;
}

TEST(AccessLogLine, JsonWithoutServer) {
  Sample s;
  s.record.router = s.record.service = s.record.server_url = s.record.server_address = s.record.host = "";
  s.record.origin_status = 0;
  s.record.client_ip = "2001:db8::1";
  s.record.tls = true;
  s.record.tls_version = "1.3";
  s.record.tls_cipher = "TLS_AES_128_GCM_SHA256";
  AccessLogOptions options{.format = Format::json,
                           .default_mode = FieldMode::drop,
                           .names = {{"clientADDR", FieldMode::keep},
                                     {"RouterName", FieldMode::keep},
                                     {"OriginStatus", FieldMode::keep},
                                     {"RequestHost", FieldMode::keep},
                                     {"Overhead", FieldMode::keep},
                                     {"RequestScheme", FieldMode::keep},
                                     {"TLSVersion", FieldMode::keep},
                                     {"TLSCipher", FieldMode::keep}}};
  EXPECT_EQ(line(s.record, options),
            R"({"ClientAddr":"[2001:db8::1]:51000","Overhead":3012345,"RequestScheme":"https",)"
            R"("TLSCipher":"TLS_AES_128_GCM_SHA256","TLSVersion":"1.3","level":"info","msg":"",)"
            R"("time":"2026-11-21T03:00:00Z"})"
            "\n");
}

TEST(AccessLogLine, HostIsSplitAsGoDoes) {
  const struct {
    std::string_view host, want_host, want_port;
  } cases[] = {
      {"a.test:8080", "a.test", "8080"}, {"a.test", "a.test", "-"}, {"[::1]:443", "::1", "443"},
      {"[::1]", "[::1]", "-"},           {"::1", "::1", "-"},       {"a.test:", "a.test", ""},
  };
  for (const auto& c : cases) {
    Sample s;
    s.record.host = c.host;
    const auto json = json::parse(line(s.record, {.format = Format::json}));
    ASSERT_TRUE(json) << c.host;
    EXPECT_EQ(json->string_at("RequestHost"), c.want_host) << c.host;
    EXPECT_EQ(json->string_at("RequestPort"), c.want_port) << c.host;
  }
}

// Whatever a client sends stays inside its quotes, on one line.
TEST(AccessLogLine, HostileInput) {
  const std::string_view hostile = "/\"\\\n\r\x1b[31m\x7f\xff\xc3\xa9\xe2\x80\xae\0<"sv;
  Sample s;
  s.record.path = hostile;
  s.record.forwarded_for = hostile;
  s.record.has_query = false;
  s.request.set(HeaderId::user_agent, hostile);
  const std::string_view escaped = R"(/\"\\\n\r\x1b[31m\x7f\xffé\u202e\x00<)";
  EXPECT_EQ(line(s.record, keeping_agent()), std::string(escaped) + R"( - - [21/Nov/2026:03:00:00 +0000] "GET )" +
                                                 std::string(escaped) + R"( HTTP/1.1" 200 12 "-" ")" +
                                                 std::string(escaped) +
                                                 R"(" 7 "web@docker" "http://172.17.0.3:80" 3ms)" + "\n");
  const auto json = json::parse(line(s.record, {.format = Format::json, .default_header_mode = FieldMode::keep}));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->string_at("request_User-Agent"), "/\"\\\n\r\x1b[31m\x7f\ufffd\u00e9\u202e\0<"sv);
}

TEST(AccessLogLine, Filters) {
  const std::vector<http::StatusRange> codes{{200, 200}, {300, 302}};
  const struct {
    AccessLogOptions options;
    uint16_t status;
    uint32_t retries;
    Duration duration;
    bool want;
  } cases[] = {
      {{}, 200, 0, 1ms, true},
      {{.status_codes = codes}, 200, 0, 1ms, true},
      {{.status_codes = codes}, 201, 3, 1h, false},
      {{.status_codes = codes}, 302, 0, 1ms, true},
      {{.status_codes = codes}, 303, 0, 1ms, false},
      {{.retry_attempts = true}, 200, 0, 1ms, false},
      {{.retry_attempts = true}, 200, 1, 1ms, true},
      {{.min_duration = 10ms}, 200, 0, 10ms, false},
      {{.min_duration = 10ms}, 200, 0, 11ms, true},
      {{.status_codes = codes, .retry_attempts = true, .min_duration = 10ms}, 500, 0, 11ms, true},
      {{.status_codes = codes, .retry_attempts = true, .min_duration = 10ms}, 500, 0, 1ms, false},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    const auto& c = cases[i];
    RequestRecord record;
    record.status = c.status;
    record.retries = c.retries;
    record.duration = c.duration;
    EXPECT_EQ(AccessLogLine(c.options).keeps(record), c.want) << i;
  }
}

}  // namespace
}  // namespace fl::telemetry
