#include "telemetry/metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/strings.h"

namespace fl::telemetry {
namespace {

// Values of header labels are the client's choice; once there are this many rows, new values count as empty.
constexpr size_t kMaxRowsByHeader = 20000;

constexpr uint16_t kGrpcUnknown = 2;

std::vector<std::string> second_of_each(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string> out;
  for (const auto& [first, second] : pairs) out.push_back(second);
  return out;
}

std::vector<Duration> to_durations(const std::vector<double>& seconds) {
  std::vector<Duration> out;
  for (const double s : seconds) out.emplace_back(std::llround(s * 1e9));
  return out;
}

// "application/grpc", "application/grpc+proto", "application/grpc;..."
bool is_media_type(std::string_view value, std::string_view type) {
  return iequals(value.substr(0, type.size()), type) &&
         (value.size() == type.size() || std::string_view("+; ").contains(value[type.size()]));
}

Protocol protocol_of(const RequestRecord& r) {
  if (r.websocket) return Protocol::websocket;
  if (r.grpc_web) return Protocol::grpc_web;
  if (r.request_headers == nullptr) return Protocol::http;
  for (const auto& field : *r.request_headers) {
    if (field.id == http::HeaderId::accept && http::has_token(field.value, "text/event-stream")) return Protocol::sse;
    if (field.id != http::HeaderId::content_type) continue;
    if (is_media_type(field.value, "application/grpc-web")) return Protocol::grpc_web;
    if (r.version >= http::Version::http2 && is_media_type(field.value, "application/grpc")) return Protocol::grpc;
  }
  return Protocol::http;
}

uint16_t grpc_code(const RequestRecord& r) {
  return r.grpc_status < 0 ? kGrpcUnknown : static_cast<uint16_t>(r.grpc_status);
}

template <class Text>
size_t hash_of(const SeriesKey<Text>& key) {
  uint64_t h = uint64_t{key.entry_point} << 32 ^ uint64_t { key.code } << 16 ^ key.service_code ^ uint64_t {
    static_cast<uint8_t>(key.method)
  } << 48 ^ uint64_t { static_cast<uint8_t>(key.protocol) } << 56;
  const auto mix = [&h](std::string_view text) {
    h = (h ^ std::hash<std::string_view>{}(text)) * 0x9e3779b97f4a7c15;
    h ^= h >> 32;
  };
  for (const auto& name : key.names) mix(name);
  for (const auto& value : key.headers) mix(value);
  return h;
}

template <class A, class B>
bool same(const SeriesKey<A>& a, const SeriesKey<B>& b) {
  return a.entry_point == b.entry_point && a.code == b.code && a.service_code == b.service_code &&
         a.method == b.method && a.protocol == b.protocol && std::ranges::equal(a.names, b.names) &&
         std::ranges::equal(a.headers, b.headers);
}

template <class To, class From>
SeriesKey<To> convert(const SeriesKey<From>& key) {
  SeriesKey<To> out{key.entry_point, key.code, key.service_code, key.method, key.protocol, {}, {}};
  std::ranges::copy(key.names, out.names.begin());
  out.headers.assign(key.headers.begin(), key.headers.end());
  return out;
}

}  // namespace

size_t WorkerMetrics::Hash::operator()(const KeyPointer& key) const { return hash_of(*key); }
size_t WorkerMetrics::Hash::operator()(const KeyView& key) const { return hash_of(key); }
bool WorkerMetrics::Equal::operator()(const KeyPointer& a, const KeyPointer& b) const { return a == b; }
bool WorkerMetrics::Equal::operator()(const KeyView& a, const KeyPointer& b) const { return same(a, *b); }
bool WorkerMetrics::Equal::operator()(const KeyPointer& a, const KeyView& b) const { return same(*a, b); }

WorkerMetrics::WorkerMetrics(const MetricsOptions& options, size_t entry_points)
    : add_internals_(options.add_internals),
      header_names_(second_of_each(options.header_labels)),
      bounds_(to_durations(options.buckets)),
      layout_{bounds_.size() + 1},
      open_connections_(entry_points) {}

void WorkerMetrics::fill_lookup(const RequestRecord& r) {
  KeyView& key = lookup_;
  key.entry_point = r.entry_point_index;
  key.method = r.method_id;
  key.protocol = protocol_of(r);
  const bool grpc = key.protocol == Protocol::grpc || key.protocol == Protocol::grpc_web;
  key.code = grpc ? grpc_code(r) : r.status;
  key.service_code = r.service.empty() ? 0 : grpc ? key.code : r.origin_status != 0 ? r.origin_status : r.status;
  key.names = {r.router, r.router_service.empty() ? r.service : r.router_service, r.service, r.tls_version,
               r.tls_cipher};
  key.headers.clear();
  for (const auto& name : header_names_) {
    const auto* value = r.request_headers != nullptr ? r.request_headers->find(name) : nullptr;
    key.headers.push_back(value != nullptr ? *value : std::string_view{});
  }
}

std::span<uint64_t> WorkerMetrics::row(KeyView& key) {
  auto known = rows_.find(key);
  if (known == rows_.end() && keys_.size() >= kMaxRowsByHeader && !key.headers.empty()) {
    std::ranges::fill(key.headers, std::string_view{});
    known = rows_.find(key);
  }
  size_t number = keys_.size();
  if (known != rows_.end()) {
    number = known->second;
  } else {
    keys_.push_back(std::make_shared<const Key>(convert<std::string>(key)));
    rows_.emplace(keys_.back(), number);
    values_.resize(values_.size() + layout_.width());
  }
  return std::span(values_).subspan(number * layout_.width(), layout_.width());
}

void WorkerMetrics::add_traffic(std::span<uint64_t> traffic, Duration duration, uint64_t bytes_in,
                                uint64_t bytes_out) const {
  traffic[RowLayout::requests] += 1;
  traffic[RowLayout::nanoseconds] += static_cast<uint64_t>(std::max<int64_t>(duration.count(), 0));
  traffic[RowLayout::bytes_in] += bytes_in;
  traffic[RowLayout::bytes_out] += bytes_out;
  size_t bucket = 0;
  while (bucket < bounds_.size() && duration > bounds_[bucket]) ++bucket;
  traffic[RowLayout::kFixed + bucket] += 1;
}

void WorkerMetrics::count(const RequestRecord& r) {
  if (!r.count || (r.internal && !add_internals_)) return;
  fill_lookup(r);
  const std::span<uint64_t> columns = row(lookup_);
  add_traffic(columns, r.duration, r.request_bytes, r.response_bytes);
  if (r.service.empty()) return;
  const bool answered = r.origin_status != 0;
  add_traffic(columns.subspan(layout_.service()), answered ? r.origin_duration : r.duration, r.request_bytes,
              answered ? r.origin_bytes : r.response_bytes);
  columns[layout_.retries()] += r.retries;
}

MetricsSnapshot WorkerMetrics::snapshot() const { return {keys_, values_, open_connections_, handshake_failures_}; }

void WorkerMetrics::forget_others(const ConfiguredNames& names) {
  const auto old_keys = std::exchange(keys_, {});
  const auto old_values = std::exchange(values_, {});
  rows_.clear();
  const auto known_service = [&](std::string_view service) {
    return service.empty() || names.services.contains(service);
  };
  for (size_t i = 0; i < old_keys.size(); ++i) {
    KeyView key = convert<std::string_view>(*old_keys[i]);
    if (!names.routers.contains(key[KeyView::router]) || !known_service(key[KeyView::router_service]))
      key.names[KeyView::router] = key.names[KeyView::router_service] = {};
    const bool keep_service = known_service(key[KeyView::service]);
    if (!keep_service) {
      key.names[KeyView::service] = {};
      key.service_code = 0;
    }
    const auto from = std::span(old_values).subspan(i * layout_.width(), layout_.width());
    const auto to = row(key);
    for (size_t c = 0; c < (keep_service ? layout_.width() : layout_.service()); ++c) to[c] += from[c];
  }
}

}  // namespace fl::telemetry
