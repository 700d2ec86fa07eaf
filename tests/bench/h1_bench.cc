// HTTP/1 codec: a browser's request, an API call, a response; parse, write, classify, chunked.
#include <benchmark/benchmark.h>

#include <string>

#include "http/h1/chunked.h"
#include "http/h1/parser.h"
#include "http/h1/writer.h"

namespace fl::http::h1 {
namespace {

constexpr std::string_view kBrowser =
    "GET /assets/app/main.8f3c21.js?v=20240611&lang=en HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.9,fr;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Referer: https://www.example.com/products/overview?page=2\r\n"
    "Cookie: session=3f8a1c0b9d7e4f62a5c1; theme=dark; _ga=GA1.2.1234567890.1718000000\r\n"
    "Connection: keep-alive\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "\r\n";

constexpr std::string_view kSmall = "GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n";

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Date: Tue, 11 Jun 2024 10:00:00 GMT\r\n"
    "Server: nginx/1.26.0\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: 1234\r\n"
    "Cache-Control: private, max-age=0, must-revalidate\r\n"
    "ETag: W/\"4d2-18f1a2b3c4d\"\r\n"
    "Vary: Accept-Encoding\r\n"
    "\r\n";

void request(benchmark::State& state, std::string_view bytes) {
  RequestParser parser{HeadLimits{}};
  RequestHead head;
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(bytes.data());
    if (parser.parse(bytes, head) != Progress::done) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK_CAPTURE(request, browser, kBrowser);
BENCHMARK_CAPTURE(request, small, kSmall);

void request_in_pieces(benchmark::State& state) {
  RequestParser parser{HeadLimits{}};
  RequestHead head;
  const auto step = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    parser.reset();
    for (size_t n = step; parser.parse(kBrowser.substr(0, n), head) == Progress::incomplete; n += step) {
    }
    benchmark::DoNotOptimize(head);
  }
}
BENCHMARK(request_in_pieces)->Arg(1)->Arg(100);

void response(benchmark::State& state) {
  ResponseParser parser{HeadLimits{}};
  ResponseHead head;
  for (auto _ : state) {
    parser.reset();
    if (parser.parse(kResponse, head) != Progress::done) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kResponse.size()));
}
BENCHMARK(response);

void write_request(benchmark::State& state) {
  RequestParser parser{HeadLimits{}};
  RequestHead head;
  parser.parse(kBrowser, head);
  std::string out(request_head_bound(head), '\0');
  for (auto _ : state) {
    benchmark::DoNotOptimize(request_head_bound(head));
    benchmark::DoNotOptimize(write_request_head(out.data(), head));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_request);

void write_response(benchmark::State& state) {
  ResponseParser parser{HeadLimits{}};
  ResponseHead head;
  parser.parse(kResponse, head);
  std::string out(response_head_bound(head), '\0');
  for (auto _ : state) {
    benchmark::DoNotOptimize(write_response_head(out.data(), head, {}));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_response);

void classify(benchmark::State& state) {
  constexpr std::string_view names[] = {"Host", "user-agent", "X-Forwarded-For", "Sec-Fetch-Mode", "Content-Length"};
  for (auto _ : state)
    for (std::string_view name : names) {
      benchmark::DoNotOptimize(name);
      benchmark::DoNotOptimize(classify_header(name));
    }
  state.SetItemsProcessed(state.iterations() * 5);
}
BENCHMARK(classify);

// Bodies of 64 KiB in chunks of the given size; the copy that restores the input is timed too.
void chunked(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0));
  std::string body;
  for (size_t done = 0; done < 65536; done += size) {
    char head[kMaxChunkHeadBytes];
    body.append(head, write_chunk_head(head, size)).append(size, 'x').append("\r\n");
  }
  body += "0\r\n\r\n";
  std::string bytes = body;
  ChunkedDecoder decoder;
  for (auto _ : state) {
    bytes.replace(0, body.size(), body);
    decoder.reset();
    if (decoder.decode(bytes.data(), bytes.size()).progress != Progress::done) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(state.iterations() * 65536);
}
BENCHMARK(chunked)->Arg(16)->Arg(256)->Arg(4096)->Arg(65536);

}  // namespace
}  // namespace fl::http::h1
