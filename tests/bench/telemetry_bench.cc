// What telemetry costs a request: one access-log line and one count.
#include <benchmark/benchmark.h>

#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace fl::telemetry {
namespace {

struct Sample {
  http::HeaderMap request, response;
  RequestRecord record;

  Sample() {
    request.append("Host", "app.example.com");
    request.append("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0");
    request.append("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    request.append("Accept-Encoding", "gzip, deflate, br");
    request.append("Referer", "https://app.example.com/cart");
    request.append("X-Forwarded-For", "192.0.2.7");
    response.append("Content-Type", "text/html; charset=utf-8");
    response.append("Content-Length", "5123");
    record.start_wall = system_clock().wall();
    record.duration = 3012345ns;
    record.entry_point = "websecure";
    record.router = "web@docker";
    record.service = "app@docker";
    record.server_url = "http://172.17.0.3:8080";
    record.server_address = "172.17.0.3:8080";
    record.client_ip = "192.0.2.7";
    record.client_port = 51000;
    record.method = "GET";
    record.method_id = http::Method::get;
    record.host = "app.example.com";
    record.path = "/products/1234/reviews";
    record.query = "page=2&sort=newest";
    record.has_query = true;
    record.status = record.origin_status = 200;
    record.response_bytes = record.origin_bytes = 5123;
    record.origin_duration = 2900000ns;
    record.request_headers = &request;
    record.response_headers = &response;
  }
};

void write_lines(benchmark::State& state, AccessLogOptions options) {
  options.file_path = "/dev/null";
  Sample sample;
  net::Loop loop;
  RequestCounter counter{0};
  const auto log = AccessLog::open(loop, std::move(options), counter);
  for (auto _ : state) {
    sample.record.start_wall += 50us;
    (*log)->write(sample.record);
  }
}

void BM_AccessLogCommon(benchmark::State& state) { write_lines(state, {}); }
void BM_AccessLogCommonWithAgent(benchmark::State& state) {
  write_lines(state, {.header_names = {{"User-Agent", FieldMode::keep}, {"Referer", FieldMode::keep}}});
}
void BM_AccessLogJson(benchmark::State& state) { write_lines(state, {.format = AccessLogOptions::Format::json}); }
void BM_AccessLogJsonAllHeaders(benchmark::State& state) {
  write_lines(state, {.format = AccessLogOptions::Format::json, .default_header_mode = FieldMode::keep});
}
BENCHMARK(BM_AccessLogCommon);
BENCHMARK(BM_AccessLogCommonWithAgent);
BENCHMARK(BM_AccessLogJson);
BENCHMARK(BM_AccessLogJsonAllHeaders);

void BM_Count(benchmark::State& state) {
  Sample sample;
  WorkerMetrics metrics({}, 4);
  std::vector<std::string> services;
  for (int64_t i = 0; i < state.range(0); ++i) services.push_back("service-" + std::to_string(i) + "@docker");
  for (size_t i = 0; auto _ : state) {
    sample.record.service = services[i++ % services.size()];
    metrics.count(sample.record);
  }
}
BENCHMARK(BM_Count)->Arg(1)->Arg(100)->Arg(5000);

void BM_CountWithTlsAndHeaderLabel(benchmark::State& state) {
  Sample sample;
  sample.record.tls_version = "1.3";
  sample.record.tls_cipher = "TLS_AES_128_GCM_SHA256";
  WorkerMetrics metrics({.header_labels = {{"agent", "User-Agent"}}}, 4);
  for (auto _ : state) metrics.count(sample.record);
}
BENCHMARK(BM_CountWithTlsAndHeaderLabel);

}  // namespace
}  // namespace fl::telemetry
