#include "app/commands/whoami_handler.h"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"

namespace fl::app {
namespace {

constexpr size_t kMaxEcho = 1 << 20;  // of a request's body
constexpr uint64_t kMaxFiller = uint64_t{1} << 50;

std::string read_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::vector<std::string> read_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, ::freeifaddrs);
  std::vector<std::string> out;
  for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    if (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6) continue;
    out.push_back(net::SocketAddress::from(at->ifa_addr).ip.to_string());
  }
  return out;
}

// Value of a query parameter, not percent-decoded; empty when absent.
std::string_view query_value(const http::RequestHead& request, std::string_view key) {
  for (const std::string_view pair : split(request.query, '&')) {
    if (pair.starts_with(key) && pair.substr(key.size()).starts_with('=')) return pair.substr(key.size() + 1);
  }
  return {};
}

std::string target(const http::RequestHead& request) {
  std::string out(request.path);
  if (request.has_query) out.append("?").append(request.query);
  return out;
}

// "x-forwarded-for" -> "X-Forwarded-For", as Go's net/textproto spells names.
std::string canonical(std::string_view name) {
  std::string out = to_lower(name);
  bool start = true;
  for (char& c : out) {
    if (start) c = ascii_upper(c);
    start = c == '-';
  }
  return out;
}

// Every field but Host, by name; values of one name in the order they came.
std::map<std::string, std::vector<std::string_view>> sorted_headers(const http::RequestHead& request) {
  std::map<std::string, std::vector<std::string_view>> out;
  for (const http::Field& field : request.headers) {
    if (field.id != http::HeaderId::host) out[canonical(field.name)].push_back(field.value);
  }
  return out;
}

// The body's first `limit` bytes; what is beyond is left to the codec, which drops it.
net::Task<std::string> read_body(http::Exchange& exchange, size_t limit) {
  std::string out;
  if (exchange.request_body == nullptr) co_return out;
  for (;;) {
    http::BodyChunk chunk = exchange.request_body->take();
    if (!chunk.ready()) chunk = co_await exchange.request_body->read();
    out.append(chunk.data.substr(0, limit - out.size()));
    if (chunk.last || chunk.error != http::BodyError::none || out.size() == limit) co_return out;
  }
}

// '|', then "ABC...XYZ-" over and over, then '|': so long that it need not be held.
class FillerBody final : public http::BodySource {
 public:
  explicit FillerBody(uint64_t size) : size_(size) {}

  http::BodyChunk take() override {
    const size_t n = std::min<uint64_t>(size_ - sent_, chunk_.size());
    for (size_t i = 0; i < n; ++i, ++sent_) chunk_[i] = at(sent_);
    return {{chunk_.data(), n}, sent_ == size_, http::BodyError::none};
  }
  net::Task<http::BodyChunk> read() override { co_return take(); }
  std::optional<uint64_t> remaining() const override { return size_ - sent_; }

 private:
  char at(uint64_t i) const {
    constexpr std::string_view kLetters = "-ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return i == 0 || i == size_ - 1 ? '|' : kLetters[i % kLetters.size()];
  }

  const uint64_t size_;
  uint64_t sent_ = 0;
  std::array<char, 16 << 10> chunk_;
};

}  // namespace

WhoamiHandler::WhoamiHandler(std::string name)
    : name_(std::move(name)), hostname_(read_hostname()), addresses_(read_addresses()) {}

net::Task<> WhoamiHandler::handle(http::Exchange& exchange) const {
  const std::string_view path = exchange.request.path;
  if (path == "/health") {
    co_await answer_health(exchange);
  } else if (path == "/bench") {
    exchange.respond(200, "1");
  } else if (path == "/data") {
    answer_data(exchange);
  } else if (path == "/api") {
    answer_api(exchange);
  } else {
    co_await answer_text(exchange);
  }
}

net::Task<> WhoamiHandler::answer_health(http::Exchange& exchange) const {
  if (exchange.request.method_id != http::Method::post) {
    exchange.respond(health_, "");
    co_return;
  }
  const std::string body = co_await read_body(exchange, 64);
  const auto status = parse_uint(trim(body));
  if (!status || *status < 200 || *status > 599) {
    exchange.respond(400, "the body must be a status from 200 to 599\n");
    co_return;
  }
  health_ = static_cast<uint16_t>(*status);
  log::info("Health status is now {}", health_);
  exchange.respond(200, "");
}

void WhoamiHandler::answer_data(http::Exchange& exchange) const {
  constexpr std::array<std::string_view, 5> kUnits{"", "KB", "MB", "GB", "TB"};
  const std::string_view unit = query_value(exchange.request, "unit");
  const auto* const found = std::ranges::find_if(kUnits, [&](std::string_view u) { return iequals(u, unit); });
  const uint64_t factor = found == kUnits.end() ? 1 : uint64_t{1} << (10 * (found - kUnits.begin()));
  const int64_t asked = parse_int(query_value(exchange.request, "size")).value_or(1);
  const uint64_t size = std::min(static_cast<uint64_t>(std::max<int64_t>(asked, 0)), kMaxFiller / factor) * factor;

  exchange.respond(200, "");
  if (query_value(exchange.request, "attachment") == "true") {
    exchange.response.headers.append("Content-Disposition", "Attachment");
  }
  exchange.response.content_length = size;
  exchange.response_body = std::make_unique<FillerBody>(size);
}

void WhoamiHandler::answer_api(http::Exchange& exchange) const {
  const http::RequestHead& request = exchange.request;
  json::Object headers;
  for (const auto& [name, values] : sorted_headers(request)) {
    headers.emplace_back(name, json::Array(values.begin(), values.end()));
  }
  json::Object out;
  // As Go's omitempty: what is empty is left out.
  const auto add = [&out](std::string key, std::string_view value) {
    if (!value.empty()) out.emplace_back(std::move(key), value);
  };
  add("hostname", hostname_);
  if (!addresses_.empty()) out.emplace_back("ip", json::Array(addresses_.begin(), addresses_.end()));
  if (!headers.empty()) out.emplace_back("headers", std::move(headers));
  add("url", target(request));
  add("host", request.authority);
  add("method", request.method);
  add("name", name_);
  add("remoteAddr", exchange.connection().peer.to_string());
  exchange.respond_owned(200, json::to_text(out, true) + "\n", "application/json");
}

net::Task<> WhoamiHandler::answer_text(http::Exchange& exchange) const {
  const http::RequestHead& request = exchange.request;
  if (const auto wait = parse_duration(query_value(request, "wait")); wait && *wait > 0s) {
    co_await net::sleep_for(*wait, never_);
  }
  const std::string body = co_await read_body(exchange, kMaxEcho);
  std::string out;
  if (!name_.empty()) fmt::format_to(std::back_inserter(out), "Name: {}\n", name_);
  fmt::format_to(std::back_inserter(out), "Hostname: {}\n", hostname_);
  for (const std::string& address : addresses_) fmt::format_to(std::back_inserter(out), "IP: {}\n", address);
  fmt::format_to(std::back_inserter(out), "RemoteAddr: {}\n", exchange.connection().peer.to_string());
  fmt::format_to(std::back_inserter(out), "{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, target(request),
                 request.authority);
  // Go's order: these two, then the rest by name.
  auto headers = sorted_headers(request);
  const auto print = [&out](const auto& header) {
    for (const std::string_view value : header.second) {
      fmt::format_to(std::back_inserter(out), "{}: {}\r\n", header.first, value);
    }
  };
  for (const char* first : {"User-Agent", "Content-Length"}) {
    if (const auto node = headers.extract(first)) print(std::pair(node.key(), node.mapped()));
  }
  for (const auto& header : headers) print(header);
  out.append("\r\n").append(body);
  exchange.respond_owned(200, std::move(out), "text/plain; charset=utf-8");
}

}  // namespace fl::app
