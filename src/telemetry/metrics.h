// The counters of one worker. A request adds to one row of a table, whose columns all metrics of entry points, routers
// and services are summed up from when somebody asks: no lock, no atomic, and no allocation once a row exists.
// Belongs to the worker's thread, except that it may be made and destroyed on another one while the loop does not run.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "telemetry/request_record.h"

namespace fl::telemetry {

struct MetricsOptions {
  bool add_internals = false;
  bool entry_points = true;  // addEntryPointsLabels
  bool routers = false;
  bool services = true;
  std::vector<double> buckets{0.1, 0.3, 1.2, 5.0};                 // seconds, ascending
  std::vector<std::pair<std::string, std::string>> header_labels;  // label, header; on *_requests_total
};

enum class Protocol : uint8_t { http, grpc, grpc_web, sse, websocket };

// What tells one row from another. Text is std::string in the table and std::string_view for looking up.
template <class Text>
struct SeriesKey {
  enum Name : size_t { router, router_service, service, tls_version, tls_cipher, kNames };

  uint32_t entry_point = 0;
  uint16_t code = 0;          // what the client got
  uint16_t service_code = 0;  // what the service answered
  http::Method method = http::Method::other;
  Protocol protocol = Protocol::http;
  std::array<Text, kNames> names{};
  std::vector<Text> headers;  // values for MetricsOptions::header_labels

  std::string_view operator[](Name name) const { return names[name]; }
};

// Names of the configuration in force; rows of others lose them.
struct ConfiguredNames {
  std::set<std::string, std::less<>> routers;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> services;  // with their server URLs
};

// Columns of a row: the request as the client saw it, as the service saw it, and the retries. Each of the first two
// is: requests, nanoseconds, bytes in, bytes out, then requests by bucket, the last one above all bounds.
struct RowLayout {
  enum Column : size_t { requests, nanoseconds, bytes_in, bytes_out, kFixed };

  size_t buckets;  // with the last one

  size_t traffic() const { return kFixed + buckets; }
  size_t service() const { return traffic(); }
  size_t retries() const { return 2 * traffic(); }
  size_t width() const { return 2 * traffic() + 1; }
};

// A copy of what a worker has counted. Keys are shared, they never change.
struct MetricsSnapshot {
  std::vector<std::shared_ptr<const SeriesKey<std::string>>> keys;
  std::vector<uint64_t> values;           // a row of RowLayout::width() for each key
  std::vector<int64_t> open_connections;  // by entry point
  std::map<std::pair<size_t, std::string_view>, uint64_t> handshake_failures;  // by entry point and reason
};

class WorkerMetrics {
 public:
  WorkerMetrics(const MetricsOptions& options, size_t entry_points);
  WorkerMetrics(const WorkerMetrics&) = delete;
  WorkerMetrics& operator=(const WorkerMetrics&) = delete;

  void count(const RequestRecord& record);
  void connection_opened(size_t entry_point) { ++open_connections_[entry_point]; }
  void connection_closed(size_t entry_point) { --open_connections_[entry_point]; }
  // A client's TLS handshake came to nothing; `reason` is a literal.
  void handshake_failed(size_t entry_point, std::string_view reason) { ++handshake_failures_[{entry_point, reason}]; }

  MetricsSnapshot snapshot() const;
  // Folds rows of routers and services not in `names` into rows without them: what entry points have counted stays.
  void forget_others(const ConfiguredNames& names);

 private:
  using Key = SeriesKey<std::string>;
  using KeyView = SeriesKey<std::string_view>;
  using KeyPointer = std::shared_ptr<const Key>;

  struct Hash {
    using is_transparent = void;
    size_t operator()(const KeyPointer& key) const;
    size_t operator()(const KeyView& key) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const KeyPointer& a, const KeyPointer& b) const;
    bool operator()(const KeyView& a, const KeyPointer& b) const;
    bool operator()(const KeyPointer& a, const KeyView& b) const;
  };

  void fill_lookup(const RequestRecord& record);
  std::span<uint64_t> row(KeyView& key);
  void add_traffic(std::span<uint64_t> traffic, Duration duration, uint64_t bytes_in, uint64_t bytes_out) const;

  const bool add_internals_;
  const std::vector<std::string> header_names_;
  const std::vector<Duration> bounds_;
  const RowLayout layout_;
  std::unordered_map<KeyPointer, size_t, Hash, Equal> rows_;  // to the row's number
  std::vector<KeyPointer> keys_;                              // by row
  std::vector<uint64_t> values_;
  std::vector<int64_t> open_connections_;
  std::map<std::pair<size_t, std::string_view>, uint64_t> handshake_failures_;
  KeyView lookup_;  // kept for the memory of its header values
};

}  // namespace fl::telemetry
