// Counting and rendering together: what requests go in, what text comes out.
#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/prometheus_text.h"

namespace fl::telemetry {
namespace {

using http::Method;
using ::testing::HasSubstr;
using ::testing::Not;

RequestRecord request(std::string_view router, std::string_view service, uint16_t status = 200) {
  RequestRecord r;
  r.router = router;
  r.service = service;
  r.method_id = Method::get;
  r.status = r.origin_status = status;
  r.duration = 200ms;
  r.origin_duration = 150ms;
  r.request_bytes = 10;
  r.response_bytes = 100;
  r.origin_bytes = 300;
  return r;
}

class MetricsTest : public ::testing::Test {
 protected:
  std::string text() const {
    return to_prometheus_text(options, {{"web"}, {"dns", "UDP"}}, {one->snapshot(), two->snapshot()}, gauges);
  }
  // The samples and comments of one family.
  std::string family(std::string_view name) const {
    std::string out, page = text();
    const std::string help = "# HELP " + std::string(name) + " ";
    const size_t begin = page.find(help);
    if (begin == page.npos) return "";
    return page.substr(begin, page.find("# HELP", begin + 1) - begin);
  }
  void use(MetricsOptions o) {
    options = std::move(o);
    one = std::make_unique<WorkerMetrics>(options, 2);
    two = std::make_unique<WorkerMetrics>(options, 2);
  }
  MetricsTest() { use({}); }

  MetricsOptions options;
  std::unique_ptr<WorkerMetrics> one, two;
  ProcessGauges gauges;
};

TEST_F(MetricsTest, WholePage) {
  use({.routers = true});
  RequestRecord a = request("web@file", "app@file");
  a.router_service = "weighted@file";
  one->count(a);
  two->count(a);
  a.origin_status = 0;  // a middleware answered after the service had failed
  a.status = 502;
  a.retries = 2;
  a.duration = 6s;
  a.tls_version = "1.3";
  a.tls_cipher = "TLS_AES_128_GCM_SHA256";
  one->count(a);
  one->connection_opened(0);
  two->connection_opened(0);
  two->connection_opened(0);
  one->connection_closed(0);
  one->handshake_failed(0, "timeout");
  two->handshake_failed(0, "timeout");
  two->handshake_failed(0, "version");
  gauges.config_reloads = 3;
  gauges.last_reload_success = 1795230000;
  gauges.server_up = {{{"app@file", "http://10.0.0.1"}, true}, {{"app@file", "http://10.0.0.2"}, false}};
  gauges.certificates = {{"a.test", "77", "a.test,b.test", 1795239999}};
  gauges.process = {1.5, 1795230000.25, 7, 1024, 4096, 8192};
  EXPECT_EQ(text(), R"(# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
# HELP process_max_fds Maximum number of open file descriptors.
# TYPE process_max_fds gauge
process_max_fds 1024
# HELP process_open_fds Number of open file descriptors.
# TYPE process_open_fds gauge
process_open_fds 7
# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 4096
# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1795230000.25
# HELP process_virtual_memory_bytes Virtual memory size in bytes.
# TYPE process_virtual_memory_bytes gauge
process_virtual_memory_bytes 8192
# HELP traefik_config_last_reload_success Last config reload success
# TYPE traefik_config_last_reload_success gauge
traefik_config_last_reload_success 1795230000
# HELP traefik_config_reloads_total Config reloads
# TYPE traefik_config_reloads_total counter
traefik_config_reloads_total 3
# HELP traefik_entrypoint_request_duration_seconds How long it took to process the request on an entrypoint, partitioned by status code, protocol, and method.
# TYPE traefik_entrypoint_request_duration_seconds histogram
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="web",method="GET",protocol="http",le="0.1"} 0
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="web",method="GET",protocol="http",le="0.3"} 2
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="web",method="GET",protocol="http",le="1.2"} 2
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="web",method="GET",protocol="http",le="5"} 2
traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="web",method="GET",protocol="http",le="+Inf"} 2
traefik_entrypoint_request_duration_seconds_sum{code="200",entrypoint="web",method="GET",protocol="http"} 0.4
traefik_entrypoint_request_duration_seconds_count{code="200",entrypoint="web",method="GET",protocol="http"} 2
traefik_entrypoint_request_duration_seconds_bucket{code="502",entrypoint="web",method="GET",protocol="http",le="0.1"} 0
traefik_entrypoint_request_duration_seconds_bucket{code="502",entrypoint="web",method="GET",protocol="http",le="0.3"} 0
traefik_entrypoint_request_duration_seconds_bucket{code="502",entrypoint="web",method="GET",protocol="http",le="1.2"} 0
traefik_entrypoint_request_duration_seconds_bucket{code="502",entrypoint="web",method="GET",protocol="http",le="5"} 0
traefik_entrypoint_request_duration_seconds_bucket{code="502",entrypoint="web",method="GET",protocol="http",le="+Inf"} 1
traefik_entrypoint_request_duration_seconds_sum{code="502",entrypoint="web",method="GET",protocol="http"} 6
traefik_entrypoint_request_duration_seconds_count{code="502",entrypoint="web",method="GET",protocol="http"} 1
# HELP traefik_entrypoint_requests_bytes_total The total size of requests in bytes handled by an entrypoint, partitioned by status code, protocol, and method.
# TYPE traefik_entrypoint_requests_bytes_total counter
traefik_entrypoint_requests_bytes_total{code="200",entrypoint="web",method="GET",protocol="http"} 20
traefik_entrypoint_requests_bytes_total{code="502",entrypoint="web",method="GET",protocol="http"} 10
# HELP traefik_entrypoint_requests_tls_total How many HTTP requests with TLS processed on an entrypoint, partitioned by TLS Version and TLS cipher Used.
# TYPE traefik_entrypoint_requests_tls_total counter
traefik_entrypoint_requests_tls_total{entrypoint="web",tls_cipher="TLS_AES_128_GCM_SHA256",tls_version="1.3"} 1
# HELP traefik_entrypoint_requests_total How many HTTP requests processed on an entrypoint, partitioned by status code, protocol, and method.
# TYPE traefik_entrypoint_requests_total counter
traefik_entrypoint_requests_total{code="200",entrypoint="web",method="GET",protocol="http"} 2
traefik_entrypoint_requests_total{code="502",entrypoint="web",method="GET",protocol="http"} 1
# HELP traefik_entrypoint_responses_bytes_total The total size of responses in bytes handled by an entrypoint, partitioned by status code, protocol, and method.
# TYPE traefik_entrypoint_responses_bytes_total counter
traefik_entrypoint_responses_bytes_total{code="200",entrypoint="web",method="GET",protocol="http"} 200
traefik_entrypoint_responses_bytes_total{code="502",entrypoint="web",method="GET",protocol="http"} 100
# HELP traefik_open_connections How many open connections exist, by entryPoint and protocol
# TYPE traefik_open_connections gauge
traefik_open_connections{entrypoint="web",protocol="TCP"} 2
traefik_open_connections{entrypoint="dns",protocol="UDP"} 0
# HELP fairlead_tls_handshake_failures_total How many TLS handshakes of clients came to nothing, by entryPoint and reason
# TYPE fairlead_tls_handshake_failures_total counter
fairlead_tls_handshake_failures_total{entrypoint="web",reason="timeout"} 2
fairlead_tls_handshake_failures_total{entrypoint="web",reason="version"} 1
# HELP traefik_router_request_duration_seconds How long it took to process the request on a router, partitioned by service, status code, protocol, and method.
# TYPE traefik_router_request_duration_seconds histogram
traefik_router_request_duration_seconds_bucket{code="200",method="GET",protocol="http",router="web@file",service="weighted@file",le="0.1"} 0
traefik_router_request_duration_seconds_bucket{code="200",method="GET",protocol="http",router="web@file",service="weighted@file",le="0.3"} 2
traefik_router_request_duration_seconds_bucket{code="200",method="GET",protocol="http",router="web@file",service="weighted@file",le="1.2"} 2
traefik_router_request_duration_seconds_bucket{code="200",method="GET",protocol="http",router="web@file",service="weighted@file",le="5"} 2
traefik_router_request_duration_seconds_bucket{code="200",method="GET",protocol="http",router="web@file",service="weighted@file",le="+Inf"} 2
traefik_router_request_duration_seconds_sum{code="200",method="GET",protocol="http",router="web@file",service="weighted@file"} 0.4
traefik_router_request_duration_seconds_count{code="200",method="GET",protocol="http",router="web@file",service="weighted@file"} 2
traefik_router_request_duration_seconds_bucket{code="502",method="GET",protocol="http",router="web@file",service="weighted@file",le="0.1"} 0
traefik_router_request_duration_seconds_bucket{code="502",method="GET",protocol="http",router="web@file",service="weighted@file",le="0.3"} 0
traefik_router_request_duration_seconds_bucket{code="502",method="GET",protocol="http",router="web@file",service="weighted@file",le="1.2"} 0
traefik_router_request_duration_seconds_bucket{code="502",method="GET",protocol="http",router="web@file",service="weighted@file",le="5"} 0
traefik_router_request_duration_seconds_bucket{code="502",method="GET",protocol="http",router="web@file",service="weighted@file",le="+Inf"} 1
traefik_router_request_duration_seconds_sum{code="502",method="GET",protocol="http",router="web@file",service="weighted@file"} 6
traefik_router_request_duration_seconds_count{code="502",method="GET",protocol="http",router="web@file",service="weighted@file"} 1
# HELP traefik_router_requests_bytes_total The total size of requests in bytes handled by a router, partitioned by service, status code, protocol, and method.
# TYPE traefik_router_requests_bytes_total counter
traefik_router_requests_bytes_total{code="200",method="GET",protocol="http",router="web@file",service="weighted@file"} 20
traefik_router_requests_bytes_total{code="502",method="GET",protocol="http",router="web@file",service="weighted@file"} 10
# HELP traefik_router_requests_tls_total How many HTTP requests with TLS are processed on a router, partitioned by service, TLS Version, and TLS cipher Used.
# TYPE traefik_router_requests_tls_total counter
traefik_router_requests_tls_total{router="web@file",service="weighted@file",tls_cipher="TLS_AES_128_GCM_SHA256",tls_version="1.3"} 1
# HELP traefik_router_requests_total How many HTTP requests are processed on a router, partitioned by service, status code, protocol, and method.
# TYPE traefik_router_requests_total counter
traefik_router_requests_total{code="200",method="GET",protocol="http",router="web@file",service="weighted@file"} 2
traefik_router_requests_total{code="502",method="GET",protocol="http",router="web@file",service="weighted@file"} 1
# HELP traefik_router_responses_bytes_total The total size of responses in bytes handled by a router, partitioned by service, status code, protocol, and method.
# TYPE traefik_router_responses_bytes_total counter
traefik_router_responses_bytes_total{code="200",method="GET",protocol="http",router="web@file",service="weighted@file"} 200
traefik_router_responses_bytes_total{code="502",method="GET",protocol="http",router="web@file",service="weighted@file"} 100
# HELP traefik_service_request_duration_seconds How long it took to process the request on a service, partitioned by status code, protocol, and method.
# TYPE traefik_service_request_duration_seconds histogram
traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="app@file",le="0.1"} 0
traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="app@file",le="0.3"} 2
traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="app@file",le="1.2"} 2
traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="app@file",le="5"} 2
traefik_service_request_duration_seconds_bucket{code="200",method="GET",protocol="http",service="app@file",le="+Inf"} 2
traefik_service_request_duration_seconds_sum{code="200",method="GET",protocol="http",service="app@file"} 0.3
traefik_service_request_duration_seconds_count{code="200",method="GET",protocol="http",service="app@file"} 2
traefik_service_request_duration_seconds_bucket{code="502",method="GET",protocol="http",service="app@file",le="0.1"} 0
traefik_service_request_duration_seconds_bucket{code="502",method="GET",protocol="http",service="app@file",le="0.3"} 0
traefik_service_request_duration_seconds_bucket{code="502",method="GET",protocol="http",service="app@file",le="1.2"} 0
traefik_service_request_duration_seconds_bucket{code="502",method="GET",protocol="http",service="app@file",le="5"} 0
traefik_service_request_duration_seconds_bucket{code="502",method="GET",protocol="http",service="app@file",le="+Inf"} 1
traefik_service_request_duration_seconds_sum{code="502",method="GET",protocol="http",service="app@file"} 6
traefik_service_request_duration_seconds_count{code="502",method="GET",protocol="http",service="app@file"} 1
# HELP traefik_service_requests_bytes_total The total size of requests in bytes received by a service, partitioned by status code, protocol, and method.
# TYPE traefik_service_requests_bytes_total counter
traefik_service_requests_bytes_total{code="200",method="GET",protocol="http",service="app@file"} 20
traefik_service_requests_bytes_total{code="502",method="GET",protocol="http",service="app@file"} 10
# HELP traefik_service_requests_tls_total How many HTTP requests with TLS processed on a service, partitioned by TLS version and TLS cipher.
# TYPE traefik_service_requests_tls_total counter
traefik_service_requests_tls_total{service="app@file",tls_cipher="TLS_AES_128_GCM_SHA256",tls_version="1.3"} 1
# HELP traefik_service_requests_total How many HTTP requests processed on a service, partitioned by status code, protocol, and method.
# TYPE traefik_service_requests_total counter
traefik_service_requests_total{code="200",method="GET",protocol="http",service="app@file"} 2
traefik_service_requests_total{code="502",method="GET",protocol="http",service="app@file"} 1
# HELP traefik_service_responses_bytes_total The total size of responses in bytes returned by a service, partitioned by status code, protocol, and method.
# TYPE traefik_service_responses_bytes_total counter
traefik_service_responses_bytes_total{code="200",method="GET",protocol="http",service="app@file"} 600
traefik_service_responses_bytes_total{code="502",method="GET",protocol="http",service="app@file"} 100
# HELP traefik_service_retries_total How many request retries happened on a service.
# TYPE traefik_service_retries_total counter
traefik_service_retries_total{service="app@file"} 2
# HELP traefik_service_server_up service server is up, described by gauge value of 0 or 1.
# TYPE traefik_service_server_up gauge
traefik_service_server_up{service="app@file",url="http://10.0.0.1"} 1
traefik_service_server_up{service="app@file",url="http://10.0.0.2"} 0
# HELP traefik_tls_certs_not_after Certificate expiration timestamp
# TYPE traefik_tls_certs_not_after gauge
traefik_tls_certs_not_after{cn="a.test",sans="a.test,b.test",serial="77"} 1795239999
)");
}

TEST_F(MetricsTest, WhatIsNotCounted) {
  RequestRecord silent = request("a@file", "s@file"), internal = request("api@internal", "api@internal");
  silent.count = false;
  internal.internal = true;
  one->count(silent);
  one->count(internal);
  EXPECT_EQ(family("traefik_entrypoint_requests_total"), "");
  use({.add_internals = true});
  one->count(internal);
  EXPECT_THAT(family("traefik_service_requests_total"), HasSubstr("service=\"api@internal\"} 1"));
}

TEST_F(MetricsTest, GroupsAreChosen) {
  use({.entry_points = false, .routers = false, .services = true});
  one->count(request("a@file", "s@file"));
  one->count(request("a@file", ""));
  EXPECT_THAT(text(), Not(HasSubstr("traefik_entrypoint_request")));
  EXPECT_THAT(text(), Not(HasSubstr("traefik_router_")));
  EXPECT_THAT(family("traefik_service_requests_total"), HasSubstr("} 1\n"));
}

TEST_F(MetricsTest, CodeMethodAndProtocolLabels) {
  http::HeaderMap sse, grpc, grpc_web;
  sse.append("Accept", "text/html, Text/Event-Stream");
  grpc.append("Content-Type", "application/grpc+proto");
  grpc_web.append("content-type", "application/grpc-web");
  struct Case {
    RequestRecord record;
    std::string_view want;
  };
  const auto change = [](auto f) {
    RequestRecord r = request("", "");
    f(r);
    return r;
  };
  const Case cases[] = {
      {change([](auto& r) { r.method_id = Method::other; }),
       R"(code="200",entrypoint="web",method="EXTENSION_METHOD")"},
      {change([](auto& r) {
         r.websocket = true;
         r.status = 101;
       }),
       R"(code="101",entrypoint="web",method="GET",protocol="websocket")"},
      {change([&](auto& r) { r.request_headers = &sse; }), R"(protocol="sse")"},
      {change([&](auto& r) { r.request_headers = &grpc; }),
       R"(code="200",entrypoint="web",method="GET",protocol="http")"},
      {change([&](auto& r) {
         r.request_headers = &grpc;
         r.version = http::Version::http2;
         r.grpc_status = 14;
       }),
       R"(code="14",entrypoint="web",method="GET",protocol="grpc")"},
      {change([&](auto& r) { r.request_headers = &grpc_web; }),
       R"(code="2",entrypoint="web",method="GET",protocol="grpc-web")"},
      {change([&](auto& r) {
         r.request_headers = &grpc;  // what grpcWeb made of it
         r.grpc_web = true;
         r.grpc_status = 0;
       }),
       R"(code="0",entrypoint="web",method="GET",protocol="grpc-web")"},
      {change([](auto& r) { r.entry_point_index = 1; }), R"(entrypoint="dns")"},
  };
  for (const auto& c : cases) {
    use({});
    one->count(c.record);
    EXPECT_THAT(family("traefik_entrypoint_requests_total"), HasSubstr(c.want));
  }
}

TEST_F(MetricsTest, HeaderLabelsOnRequestsTotalOnly) {
  use({.header_labels = {{"agent", "User-Agent"}, {"x", "X-Missing"}}});
  http::HeaderMap curl, odd;
  curl.append("user-agent", "curl");
  odd.append("user-agent", "a\"b\\c\nd\xff\xc3\xa9");
  RequestRecord r = request("", "");
  r.request_headers = &curl;
  one->count(r);
  two->count(r);
  r.request_headers = &odd;
  one->count(r);
  const std::string requests = family("traefik_entrypoint_requests_total");
  EXPECT_THAT(requests, HasSubstr(R"({agent="curl",code="200",entrypoint="web",method="GET",protocol="http",x=""} 2)"));
  EXPECT_THAT(requests, HasSubstr("{agent=\"a\\\"b\\\\c\\nd\ufffdé\",code"));
  EXPECT_THAT(family("traefik_entrypoint_requests_bytes_total"),
              HasSubstr(R"({code="200",entrypoint="web",method="GET",protocol="http"} 30)"));
}

TEST_F(MetricsTest, ClientsCannotFillTheMemory) {
  use({.header_labels = {{"agent", "User-Agent"}}});
  RequestRecord r = request("a@file", "s@file");
  constexpr size_t kMany = 50000;
  for (size_t i = 0; i < kMany; ++i) {
    const std::string agent = "agent" + std::to_string(i);
    http::HeaderMap headers;
    headers.append("User-Agent", agent);
    r.request_headers = &headers;
    one->count(r);
  }
  EXPECT_LT(one->snapshot().keys.size(), kMany / 2);
  EXPECT_THAT(family("traefik_service_requests_bytes_total"), HasSubstr("} 500000\n"));
}

TEST_F(MetricsTest, BucketBoundsAreInclusive) {
  use({.services = false, .buckets = {0.5, 1}});
  for (const Duration d : {Duration(-1ns), Duration(500ms), Duration(500ms + 1ns), Duration(1s), Duration(1h)}) {
    RequestRecord r = request("", "");
    r.duration = d;
    one->count(r);
  }
  const std::string histogram = family("traefik_entrypoint_request_duration_seconds");
  EXPECT_THAT(histogram, HasSubstr("le=\"0.5\"} 2\n"));
  EXPECT_THAT(histogram, HasSubstr("le=\"1\"} 4\n"));
  EXPECT_THAT(histogram, HasSubstr("le=\"+Inf\"} 5\n"));
}

// What entry points have counted stays when routers and services go.
TEST_F(MetricsTest, ForgetOthers) {
  use({.routers = true});
  for (int i = 0; i < 3; ++i) one->count(request("old@file", "app@file"));
  one->count(request("web@file", "gone@file"));
  one->count(request("web@file", "app@file"));
  one->count(request("", ""));
  one->forget_others({.routers = {"web@file"}, .services = {{"app@file", {}}}});
  EXPECT_THAT(family("traefik_entrypoint_requests_total"), HasSubstr("} 6\n"));
  EXPECT_THAT(family("traefik_service_requests_total"), HasSubstr("service=\"app@file\"} 4\n"));
  EXPECT_THAT(family("traefik_router_requests_total"), HasSubstr("router=\"web@file\",service=\"app@file\"} 1\n"));
  EXPECT_THAT(text(), Not(HasSubstr("old@file")));
  EXPECT_THAT(text(), Not(HasSubstr("gone@file")));
  one->count(request("web@file", "app@file"));
  EXPECT_THAT(family("traefik_service_requests_total"), HasSubstr("service=\"app@file\"} 5\n"));
}

TEST(ProcessStats, KnowsThisProcess) {
  const auto stats = ProcessStats::read();
  EXPECT_GT(stats.start_time, 1e9);
  EXPECT_GT(stats.open_fds, 2u);
  EXPECT_GE(stats.max_fds, stats.open_fds);
  EXPECT_GT(stats.resident_bytes, 100'000u);
  EXPECT_GE(stats.virtual_bytes, stats.resident_bytes);
}

}  // namespace
}  // namespace fl::telemetry
