#include "telemetry/prometheus_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>

#include "base/utf8.h"

namespace fl::telemetry {
namespace {

using Key = SeriesKey<std::string>;
using Labels = std::vector<std::pair<std::string_view, std::string>>;

constexpr std::string_view kMethods[] = {"EXTENSION_METHOD", "GET",   "HEAD",    "POST",    "PUT",
                                         "DELETE",           "PATCH", "OPTIONS", "CONNECT", "TRACE"};
constexpr std::string_view kProtocols[] = {"http", "grpc", "grpc-web", "sse", "websocket"};

void append_label_value(std::string& out, std::string_view value) {
  while (!value.empty()) {
    const size_t n = utf8_length(value);
    if (n == 0)
      out += "\ufffd";
    else if (value[0] == '\n')
      out += "\\n";
    else if (value[0] == '"' || value[0] == '\\')
      out.append(1, '\\').append(1, value[0]);
    else
      out += value.substr(0, n);
    value.remove_prefix(std::max<size_t>(n, 1));
  }
}

// code="200",method="GET": sorted by name, without braces.
std::string to_text(Labels labels) {
  std::ranges::sort(labels);
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out.append(name).append("=\"");
    append_label_value(out, value);
    out += '"';
  }
  return out;
}

class Page {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  template <class Number>
  void sample(std::string_view name, std::string_view labels, Number value) {
    text_ += name;
    if (!labels.empty()) text_.append(1, '{').append(labels).append(1, '}');
    fmt::format_to(std::back_inserter(text_), " {}\n", value);
  }
  template <class Number>
  void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
    family(name, type, help);
    sample(name, "", value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// The metrics of entry points, of routers or of services: rows summed up by the labels that matter there.
class Group {
 public:
  void add(const MetricsOptions& options, const RowLayout& layout, const Key& key, Labels base, uint16_t code,
           std::span<const uint64_t> traffic) {
    Labels labels = base;
    labels.emplace_back("code", std::to_string(code));
    labels.emplace_back("method", kMethods[static_cast<size_t>(key.method)]);
    labels.emplace_back("protocol", kProtocols[static_cast<size_t>(key.protocol)]);
    auto& sum = traffic_[to_text(labels)];
    sum.resize(layout.traffic());
    std::ranges::transform(sum, traffic.first(layout.traffic()), sum.begin(), std::plus{});

    for (size_t i = 0; i < key.headers.size(); ++i) labels.emplace_back(options.header_labels[i].first, key.headers[i]);
    requests_[to_text(std::move(labels))] += traffic[RowLayout::requests];

    if (key[Key::tls_version].empty()) return;
    base.emplace_back("tls_version", key[Key::tls_version]);
    base.emplace_back("tls_cipher", key[Key::tls_cipher]);
    tls_[to_text(std::move(base))] += traffic[RowLayout::requests];
  }

  struct Help {
    std::string_view duration, requests_bytes, requests_tls, requests, responses_bytes;
  };

  // In the order of their names, as Prometheus' own library writes them.
  void write(Page& page, const std::string& prefix, const Help& help, const std::vector<double>& bounds) const {
    if (traffic_.empty()) return;
    write_histogram(page, prefix + "_request_duration_seconds", help.duration, bounds);
    write_column(page, prefix + "_requests_bytes_total", help.requests_bytes, RowLayout::bytes_in);
    if (!tls_.empty()) write_counter(page, prefix + "_requests_tls_total", help.requests_tls, tls_);
    write_counter(page, prefix + "_requests_total", help.requests, requests_);
    write_column(page, prefix + "_responses_bytes_total", help.responses_bytes, RowLayout::bytes_out);
  }

 private:
  using Counts = std::map<std::string, uint64_t>;

  static void write_counter(Page& page, const std::string& name, std::string_view help, const Counts& counts) {
    page.family(name, "counter", help);
    for (const auto& [labels, value] : counts) page.sample(name, labels, value);
  }

  void write_column(Page& page, const std::string& name, std::string_view help, RowLayout::Column column) const {
    page.family(name, "counter", help);
    for (const auto& [labels, sum] : traffic_) page.sample(name, labels, sum[column]);
  }

  void write_histogram(Page& page, const std::string& name, std::string_view help,
                       const std::vector<double>& bounds) const {
    page.family(name, "histogram", help);
    for (const auto& [labels, sum] : traffic_) {
      uint64_t at_most = 0;
      for (size_t i = 0; i < bounds.size(); ++i)
        page.sample(name + "_bucket", fmt::format("{},le=\"{}\"", labels, bounds[i]),
                    at_most += sum[RowLayout::kFixed + i]);
      page.sample(name + "_bucket", labels + ",le=\"+Inf\"", sum[RowLayout::requests]);
      page.sample(name + "_sum", labels, static_cast<double>(sum[RowLayout::nanoseconds]) / 1e9);
      page.sample(name + "_count", labels, sum[RowLayout::requests]);
    }
  }

  std::map<std::string, std::vector<uint64_t>> traffic_;
  Counts requests_;  // with header labels
  Counts tls_;
};

constexpr Group::Help kEntryPointHelp = {
    "How long it took to process the request on an entrypoint, partitioned by status code, protocol, and method.",
    "The total size of requests in bytes handled by an entrypoint, partitioned by status code, protocol, and method.",
    "How many HTTP requests with TLS processed on an entrypoint, partitioned by TLS Version and TLS cipher Used.",
    "How many HTTP requests processed on an entrypoint, partitioned by status code, protocol, and method.",
    "The total size of responses in bytes handled by an entrypoint, partitioned by status code, protocol, and method."};
constexpr Group::Help kRouterHelp = {
    "How long it took to process the request on a router, partitioned by service, status code, protocol, and method.",
    "The total size of requests in bytes handled by a router, partitioned by service, status code, protocol, and "
    "method.",
    "How many HTTP requests with TLS are processed on a router, partitioned by service, TLS Version, and TLS cipher "
    "Used.",
    "How many HTTP requests are processed on a router, partitioned by service, status code, protocol, and method.",
    "The total size of responses in bytes handled by a router, partitioned by service, status code, protocol, and "
    "method."};
constexpr Group::Help kServiceHelp = {
    "How long it took to process the request on a service, partitioned by status code, protocol, and method.",
    "The total size of requests in bytes received by a service, partitioned by status code, protocol, and method.",
    "How many HTTP requests with TLS processed on a service, partitioned by TLS version and TLS cipher.",
    "How many HTTP requests processed on a service, partitioned by status code, protocol, and method.",
    "The total size of responses in bytes returned by a service, partitioned by status code, protocol, and method."};

void write_process(Page& page, const ProcessStats& p) {
  page.single("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.",
              p.cpu_seconds);
  page.single("process_max_fds", "gauge", "Maximum number of open file descriptors.", p.max_fds);
  page.single("process_open_fds", "gauge", "Number of open file descriptors.", p.open_fds);
  page.single("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", p.resident_bytes);
  page.single("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.",
              fmt::format("{:.2f}", p.start_time));
  page.single("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", p.virtual_bytes);
}

void write_config(Page& page, const ProcessGauges& gauges) {
  if (gauges.last_reload_success != 0)
    page.single("traefik_config_last_reload_success", "gauge", "Last config reload success",
                gauges.last_reload_success);
  page.single("traefik_config_reloads_total", "counter", "Config reloads", gauges.config_reloads);
}

void write_connections(Page& page, const std::vector<EntryPointLabel>& entry_points,
                       const std::vector<MetricsSnapshot>& workers) {
  page.family("traefik_open_connections", "gauge", "How many open connections exist, by entryPoint and protocol");
  for (size_t i = 0; i < entry_points.size(); ++i) {
    int64_t open = 0;
    for (const auto& worker : workers) open += worker.open_connections[i];
    page.sample("traefik_open_connections",
                to_text({{"entrypoint", entry_points[i].name}, {"protocol", entry_points[i].transport}}), open);
  }
}

// Not in Traefik, which only logs them.
void write_handshake_failures(Page& page, const std::vector<EntryPointLabel>& entry_points,
                              const std::vector<MetricsSnapshot>& workers) {
  std::map<std::string, uint64_t> sums;
  for (const auto& worker : workers)
    for (const auto& [place, n] : worker.handshake_failures)
      sums[to_text({{"entrypoint", entry_points[place.first].name}, {"reason", std::string(place.second)}})] += n;
  if (sums.empty()) return;
  page.family("fairlead_tls_handshake_failures_total", "counter",
              "How many TLS handshakes of clients came to nothing, by entryPoint and reason");
  for (const auto& [labels, n] : sums) page.sample("fairlead_tls_handshake_failures_total", labels, n);
}

void write_retries_and_servers(Page& page, const std::map<std::string, uint64_t>& retries,
                               const ProcessGauges& gauges) {
  if (!retries.empty())
    page.family("traefik_service_retries_total", "counter", "How many request retries happened on a service.");
  for (const auto& [labels, value] : retries) page.sample("traefik_service_retries_total", labels, value);
  if (!gauges.server_up.empty())
    page.family("traefik_service_server_up", "gauge", "service server is up, described by gauge value of 0 or 1.");
  for (const auto& [server, up] : gauges.server_up)
    page.sample("traefik_service_server_up", to_text({{"service", server.first}, {"url", server.second}}), up ? 1 : 0);
}

void write_certificates(Page& page, const std::vector<CertificateGauge>& certificates) {
  if (certificates.empty()) return;
  page.family("traefik_tls_certs_not_after", "gauge", "Certificate expiration timestamp");
  for (const auto& c : certificates)
    page.sample("traefik_tls_certs_not_after", to_text({{"cn", c.common_name}, {"serial", c.serial}, {"sans", c.sans}}),
                c.not_after);
}

}  // namespace

std::string to_prometheus_text(const MetricsOptions& options, const std::vector<EntryPointLabel>& entry_points,
                               const std::vector<MetricsSnapshot>& workers, const ProcessGauges& gauges) {
  const RowLayout layout{options.buckets.size() + 1};
  Group by_entry_point, by_router, by_service;
  std::map<std::string, uint64_t> retries;
  for (const auto& worker : workers) {
    for (size_t i = 0; i < worker.keys.size(); ++i) {
      const Key& key = *worker.keys[i];
      const std::span row(worker.values.data() + i * layout.width(), layout.width());
      const std::string router = key.names[Key::router], service = key.names[Key::service];
      if (options.entry_points)
        by_entry_point.add(options, layout, key, {{"entrypoint", entry_points[key.entry_point].name}}, key.code, row);
      if (options.routers && !router.empty())
        by_router.add(options, layout, key, {{"router", router}, {"service", key.names[Key::router_service]}}, key.code,
                      row);
      if (!options.services || service.empty()) continue;
      by_service.add(options, layout, key, {{"service", service}}, key.service_code, row.subspan(layout.service()));
      if (const uint64_t n = row[layout.retries()]) retries[to_text({{"service", service}})] += n;
    }
  }

  Page page;
  write_process(page, gauges.process);
  write_config(page, gauges);
  by_entry_point.write(page, "traefik_entrypoint", kEntryPointHelp, options.buckets);
  write_connections(page, entry_points, workers);
  write_handshake_failures(page, entry_points, workers);
  by_router.write(page, "traefik_router", kRouterHelp, options.buckets);
  by_service.write(page, "traefik_service", kServiceHelp, options.buckets);
  if (options.services) write_retries_and_servers(page, retries, gauges);
  write_certificates(page, gauges.certificates);
  return page.take();
}

}  // namespace fl::telemetry
