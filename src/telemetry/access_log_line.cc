#include "telemetry/access_log_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "telemetry/quote.h"

namespace fl::telemetry {
namespace {

constexpr std::string_view kMissing = "-";

class Digits {
 public:
  template <class Number>
  explicit Digits(Number value) {
    char* const end = text_ + sizeof text_;
    if constexpr (std::is_floating_point_v<Number>)
      size_ = static_cast<size_t>(std::to_chars(text_, end, value, std::chars_format::fixed).ptr - text_);
    else
      size_ = static_cast<size_t>(std::to_chars(text_, end, value).ptr - text_);
  }
  operator std::string_view() const { return {text_, size_}; }

 private:
  char text_[32];
  size_t size_;
};

std::string_view routers_of(const RequestRecord& r) { return r.router_path.empty() ? r.router : r.router_path; }

std::string_view protocol_text(http::Version version) {
  switch (version) {
    case http::Version::http10: return "HTTP/1.0";
    case http::Version::http11: return "HTTP/1.1";
    case http::Version::http2: return "HTTP/2.0";
    case http::Version::http3: return "HTTP/3.0";
  }
  return kMissing;
}

std::string_view client_host(const RequestRecord& r) { return r.forwarded_for.empty() ? r.client_ip : r.forwarded_for; }

std::string_view or_missing(std::string_view s) { return s.empty() ? kMissing : s; }

// Go's net.SplitHostPort; what it refuses is all host and has the port "-".
std::pair<std::string_view, std::string_view> split_host_port(std::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon == host.npos) return {host, kMissing};
  const std::string_view name = host.substr(0, colon), port = host.substr(colon + 1);
  if (name.starts_with('[') && name.ends_with(']') && name.size() >= 2) return {name.substr(1, name.size() - 2), port};
  if (name.find_first_of(":[]") != name.npos) return {host, kMissing};
  return {name, port};
}

// Go's textproto.CanonicalMIMEHeaderKey: upper case after each dash.
void append_canonical(std::string& out, const http::Field& field) {
  if (const auto known = http::canonical_name(field.id); !known.empty()) {
    out += known;
    return;
  }
  bool upper = true;
  for (const char c : field.name) {
    out += upper ? ascii_upper(c) : ascii_lower(c);
    upper = c == '-';
  }
}

bool same_header(const http::Field& a, const http::Field& b) { return a.id == b.id && iequals(a.name, b.name); }

}  // namespace

const std::string_view AccessLogLine::kKeys[] = {
    "\"ClientAddr\":",
    "\"ClientHost\":",
    "\"ClientPort\":",
    "\"ClientUsername\":",
    "\"DownstreamContentSize\":",
    "\"DownstreamStatus\":",
    "\"Duration\":",
    "\"GzipRatio\":",
    "\"OriginContentSize\":",
    "\"OriginDuration\":",
    "\"OriginError\":",
    "\"OriginStatus\":",
    "\"Overhead\":",
    "\"RequestAddr\":",
    "\"RequestContentSize\":",
    "\"RequestCount\":",
    "\"RequestHost\":",
    "\"RequestMethod\":",
    "\"RequestPath\":",
    "\"RequestPort\":",
    "\"RequestProtocol\":",
    "\"RequestScheme\":",
    "\"RetryAttempts\":",
    "\"RouterName\":",
    "\"ServiceAddr\":",
    "\"ServiceName\":",
    "\"ServiceURL\":",
    "\"StartLocal\":",
    "\"StartUTC\":",
    "\"TLSCipher\":",
    "\"TLSClientSubject\":",
    "\"TLSVersion\":",
    "\"entryPointName\":",
};

AccessLogLine::AccessLogLine(AccessLogOptions options) : options_(std::move(options)) {
  static_assert(std::size(kKeys) == static_cast<size_t>(Field::count_));
  for (size_t i = 0; i < std::size(kKeys); ++i) {
    const std::string_view name = kKeys[i].substr(1, kKeys[i].size() - 3);
    const auto mode = std::ranges::find_if(options_.names, [&](const auto& m) { return iequals(m.first, name); });
    kept_[i] = (mode == options_.names.end() ? options_.default_mode : mode->second) == FieldMode::keep;
  }
  referer_mode_ = header_mode("Referer");
  user_agent_mode_ = header_mode("User-Agent");
  any_header_ = options_.default_header_mode != FieldMode::drop ||
                std::ranges::any_of(options_.header_names, [](const auto& m) { return m.second != FieldMode::drop; });
}

FieldMode AccessLogLine::header_mode(std::string_view name) const {
  for (const auto& [known, mode] : options_.header_names)
    if (iequals(known, name)) return mode;
  return options_.default_header_mode;
}

bool AccessLogLine::keeps(const RequestRecord& record) const {
  const auto& o = options_;
  if (o.status_codes.empty() && !o.retry_attempts && o.min_duration == Duration::zero()) return true;
  return std::ranges::any_of(o.status_codes, [&](http::StatusRange r) { return r.contains(record.status); }) ||
         (o.retry_attempts && record.retries > 0) ||
         (o.min_duration > Duration::zero() && record.duration > o.min_duration);
}

void AccessLogLine::append(std::string& out, const RequestRecord& record, uint64_t number) {
  if (options_.format == AccessLogOptions::Format::json)
    append_json(out, record, number);
  else
    append_common(out, record, number);
}

// ---- common and genericCLF

void AccessLogLine::append_word(std::string& out, Field field, std::string_view value) const {
  append_escaped(out, has(field) ? or_missing(value) : kMissing);
}

void AccessLogLine::append_quoted(std::string& out, Field field, std::string_view value) const {
  out += '"';
  append_word(out, field, value);
  out += '"';
}

void AccessLogLine::append_quoted_header(std::string& out, FieldMode mode, const RequestRecord& record,
                                         http::HeaderId id) const {
  const auto* value = record.request_headers != nullptr ? record.request_headers->find(id) : nullptr;
  out += '"';
  if (mode == FieldMode::drop || value == nullptr || value->empty())
    out += kMissing;
  else if (mode == FieldMode::redact)
    out += "REDACTED";
  else
    append_escaped(out, *value);
  out += '"';
}

void AccessLogLine::append_path(std::string& out, const RequestRecord& record) const {
  if (!has(Field::request_path)) {
    out += kMissing;
    return;
  }
  append_escaped(out, record.path);
  if (!record.has_query || !options_.keep_query) return;
  out += '?';
  append_escaped(out, record.query);
}

void AccessLogLine::append_common(std::string& out, const RequestRecord& r, uint64_t number) {
  append_word(out, Field::client_host, client_host(r));
  out += " - ";
  append_word(out, Field::client_username, r.client_user);
  out += " [";
  out += has(Field::start_utc) ? utc_.clf(r.start_wall) : has(Field::start_local) ? local_.clf(r.start_wall) : kMissing;
  out += "] \"";
  append_word(out, Field::request_method, r.method);
  out += ' ';
  append_path(out, r);
  out += ' ';
  append_word(out, Field::request_protocol, protocol_text(r.version));
  out += "\" ";
  const auto append_count = [&](Field field, uint64_t value) {
    if (has(field))
      out += Digits(value);
    else
      out += kMissing;
    out += ' ';
  };
  append_count(Field::downstream_status, r.status);
  append_count(Field::downstream_content_size, r.response_bytes);
  append_quoted_header(out, referer_mode_, r, http::HeaderId::referer);
  out += ' ';
  append_quoted_header(out, user_agent_mode_, r, http::HeaderId::user_agent);
  if (options_.format == AccessLogOptions::Format::common) {
    out += ' ';
    append_count(Field::request_count, number);
    append_quoted(out, Field::router_name, routers_of(r));
    out += ' ';
    append_quoted(out, Field::service_url, r.server_url);
    out += ' ';
    append_all(out, {Digits(has(Field::duration) ? r.duration / 1ms : 0), "ms"});
  }
  out += '\n';
}

// ---- json: every member ends with a comma; "time" is always there and comes last

void AccessLogLine::append_text_member(std::string& out, Field field, std::string_view value) const {
  if (!has(field)) return;
  const std::string_view key = kKeys[static_cast<size_t>(field)];
  if (is_plain_json(value)) return append_all(out, {key, "\"", value, "\","});
  out += key;
  append_json_string(out, value);
  out += ',';
}

void AccessLogLine::append_text_member_if(std::string& out, Field field, std::string_view value) const {
  if (!value.empty()) append_text_member(out, field, value);
}

template <class Number>
void AccessLogLine::append_number_member(std::string& out, Field field, Number value) const {
  if (!has(field)) return;
  append_all(out, {kKeys[static_cast<size_t>(field)], Digits(value), ","});
}

void AccessLogLine::append_time_member(std::string& out, Field field, SecondText& text, WallTime t) const {
  if (!has(field)) return;
  out += kKeys[static_cast<size_t>(field)];
  out += '"';
  text.append_rfc3339_nano(out, t);
  out += "\",";
}

void AccessLogLine::append_headers(std::string& out, std::string_view prefix, const http::HeaderMap* headers) {
  if (!any_header_ || headers == nullptr) return;
  headers_.clear();
  for (const auto& field : *headers)
    if (field.id != http::HeaderId::host) headers_.push_back(&field);  // Go keeps Host out of its header map
  std::ranges::sort(headers_, [](auto* a, auto* b) {                   // of one name in the order they came
    const int order = icompare(a->name, b->name);
    return order != 0 ? order < 0 : a < b;
  });
  for (size_t i = 0, next; i < headers_.size(); i = next) {
    const http::Field& field = *headers_[i];
    for (next = i + 1; next < headers_.size() && same_header(field, *headers_[next]);) ++next;
    const FieldMode mode = header_mode(field.name);
    if (mode == FieldMode::drop) continue;
    out += '"';
    out += prefix;
    append_canonical(out, field);
    out += "\":";
    if (mode == FieldMode::redact) {
      out += "\"REDACTED\",";
      continue;
    }
    for (size_t k = i; k < next; ++k) {
      if (k != i) out.back() = ',';  // was the closing quote
      const size_t begin = out.size();
      append_json_string(out, headers_[k]->value);
      if (k != i) out.erase(begin, 1);
    }
    out += ',';
  }
}

void AccessLogLine::append_json(std::string& out, const RequestRecord& r, uint64_t number) {
  const bool from_origin = r.origin_status != 0;
  out += '{';
  const Digits client_port(r.client_port);
  const bool v6 = r.client_ip.contains(':');
  text_.assign(v6 ? "[" : "").append(r.client_ip).append(v6 ? "]:" : ":").append(client_port);
  append_text_member(out, Field::client_addr, text_);
  append_text_member(out, Field::client_host, client_host(r));
  append_text_member(out, Field::client_port, client_port);
  append_text_member(out, Field::client_username, or_missing(r.client_user));
  append_number_member(out, Field::downstream_content_size, r.response_bytes);
  append_number_member(out, Field::downstream_status, r.status);
  append_number_member(out, Field::duration, r.duration.count());
  if (from_origin && r.response_bytes != 0 && r.response_bytes != r.origin_bytes)
    append_number_member(out, Field::gzip_ratio,
                         static_cast<double>(r.origin_bytes) / static_cast<double>(r.response_bytes));
  if (from_origin) {
    append_number_member(out, Field::origin_content_size, r.origin_bytes);
    append_number_member(out, Field::origin_duration, r.origin_duration.count());
    append_text_member_if(out, Field::origin_error, r.origin_error);
    append_number_member(out, Field::origin_status, r.origin_status);
  }
  append_number_member(out, Field::overhead, (from_origin ? r.duration - r.origin_duration : r.duration).count());
  append_text_member_if(out, Field::request_addr, r.host);
  append_number_member(out, Field::request_content_size, r.request_bytes);
  append_number_member(out, Field::request_count, number);
  const auto [host, port] = split_host_port(r.host);
  if (!r.host.empty()) append_text_member(out, Field::request_host, host);
  append_text_member(out, Field::request_method, r.method);
  if (r.has_query && options_.keep_query) {
    text_.assign(r.path).append(1, '?').append(r.query);
    append_text_member(out, Field::request_path, text_);
  } else {
    append_text_member(out, Field::request_path, r.path);
  }
  if (!r.host.empty()) append_text_member(out, Field::request_port, port);
  append_text_member(out, Field::request_protocol, protocol_text(r.version));
  append_text_member(out, Field::request_scheme, r.tls ? "https" : "http");
  append_number_member(out, Field::retry_attempts, r.retries);
  append_text_member_if(out, Field::router_name, routers_of(r));
  append_text_member_if(out, Field::service_addr, r.server_address);
  append_text_member_if(out, Field::service_name, r.service);
  append_text_member_if(out, Field::service_url, r.server_url);
  append_time_member(out, Field::start_local, local_, r.start_wall);
  append_time_member(out, Field::start_utc, utc_, r.start_wall);
  append_text_member_if(out, Field::tls_cipher, r.tls_cipher);
  append_text_member_if(out, Field::tls_client_subject, r.tls_client_subject);
  append_text_member_if(out, Field::tls_version, r.tls_version);
  append_headers(out, "downstream_", r.response_headers);
  append_text_member(out, Field::entry_point_name, r.entry_point);
  out += "\"level\":\"info\",\"msg\":\"\",";
  append_headers(out, "origin_", r.origin_headers);
  append_headers(out, "request_", r.request_headers);
  out += "\"time\":\"";
  local_.append_rfc3339(out, r.start_wall + r.duration);
  out += "\"}\n";
}

}  // namespace fl::telemetry
