// What an entry point does to a browser's request before its router is chosen: path and query in one normal form,
// fields that a stranger may not send taken out, X-Forwarded-* and X-Real-Ip put in. `only_the_head` is the cost of
// making the head itself, which the others contain.
#include <benchmark/benchmark.h>

#include "proxy/entry_point.h"

namespace {

using namespace fl;

struct Text {
  std::string_view name, value;
};
constexpr Text kBrowser[] = {
    {"Host", "www.example.com"},
    {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0"},
    {"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
    {"Accept-Language", "en-US,en;q=0.9,fr;q=0.8"},
    {"Accept-Encoding", "gzip, deflate, br, zstd"},
    {"Referer", "https://www.example.com/products/overview?page=2"},
    {"Cookie", "session=3f8a1c0b9d7e4f62a5c1; theme=dark; _ga=GA1.2.1234567890.1718000000"},
    {"Connection", "keep-alive"},
    {"Upgrade-Insecure-Requests", "1"},
    {"Sec-Fetch-Mode", "navigate"},
};
constexpr Text kForged[] = {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-Proto", "https"}, {"X-Real-Ip", "1.1.1.1"}};

class BenchExchange final : public http::Exchange {
 public:
  BenchExchange() {
    connection_ = &info_;
    info_.peer.ip = *net::IpAddress::parse("203.0.113.9");
    info_.peer_ip_size = static_cast<uint8_t>(info_.peer.ip.write(info_.peer_ip));
    add(kBrowser);
    browser_ = fields_.size();
    add(kForged);
  }

  // The head as a parser leaves it.
  void fill(bool forged) {
    recycle();
    request.method = "GET";
    request.method_id = http::Method::get;
    request.authority = "www.example.com";
    request.path = "/assets/app/main.8f3c21.js";
    request.query = "v=20240611&lang=en";
    request.has_query = true;
    for (size_t i = 0; i < (forged ? fields_.size() : browser_); ++i)
      request.headers.append(fields_[i].id, fields_[i].name, fields_[i].value);
  }

  net::Task<int> send_interim(const http::ResponseHead&) override { co_return 0; }
  void watch_client(http::ClientGoneListener*) override {}

 private:
  template <size_t n>
  void add(const Text (&texts)[n]) {
    for (const auto& [name, value] : texts) fields_.append(name, value);
  }
  http::ConnectionInfo info_;
  http::HeaderMap fields_;
  size_t browser_ = 0;
};

void only_the_head(benchmark::State& state) {
  BenchExchange x;
  for (auto _ : state) {
    x.fill(false);
    benchmark::DoNotOptimize(x.request.headers.size());
  }
}
BENCHMARK(only_the_head);

void prepare(benchmark::State& state, bool forged) {
  proxy::EntryPointOptions options;
  options.server_name = "proxy-1";
  BenchExchange x;
  for (auto _ : state) {
    x.fill(forged);
    benchmark::DoNotOptimize(proxy::prepare_request(options, x));
  }
}
BENCHMARK_CAPTURE(prepare, browser, false);
BENCHMARK_CAPTURE(prepare, forged_fields, true);

}  // namespace
