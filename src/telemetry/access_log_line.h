// What an access log keeps and how a line of it looks; source: Traefik's accessLog section (common, genericCLF, json).
// Holds cached time texts, so: one object a worker. Allocates nothing once `out` is large enough.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/status_range.h"
#include "telemetry/request_record.h"
#include "telemetry/second_text.h"

namespace fl::telemetry {

enum class FieldMode : uint8_t { keep, drop, redact };

struct AccessLogOptions {
  enum class Format : uint8_t { common, generic_clf, json };
  using Modes = std::vector<std::pair<std::string, FieldMode>>;  // names in any letter case

  std::string file_path;  // empty: stdout
  Format format = Format::common;
  bool add_internals = false;

  // A record is kept when any filter that is set lets it through.
  std::vector<http::StatusRange> status_codes;
  bool retry_attempts = false;
  Duration min_duration{};

  FieldMode default_mode = FieldMode::keep;  // keep or drop
  Modes names;
  FieldMode default_header_mode = FieldMode::drop;
  Modes header_names;
  bool keep_query = true;
};

class AccessLogLine {
 public:
  explicit AccessLogLine(AccessLogOptions options);

  // Whether the filters let the record through.
  bool keeps(const RequestRecord& record) const;
  // One line with its end. `number` counts the requests since the start of the process.
  void append(std::string& out, const RequestRecord& record, uint64_t number);

  const AccessLogOptions& options() const { return options_; }

 private:
  // In the byte order of their names, as Go's JSON encoder sorts them.
  enum class Field : uint8_t {
    client_addr,
    client_host,
    client_port,
    client_username,
    downstream_content_size,
    downstream_status,
    duration,
    gzip_ratio,
    origin_content_size,
    origin_duration,
    origin_error,
    origin_status,
    overhead,
    request_addr,
    request_content_size,
    request_count,
    request_host,
    request_method,
    request_path,
    request_port,
    request_protocol,
    request_scheme,
    retry_attempts,
    router_name,
    service_addr,
    service_name,
    service_url,
    start_local,
    start_utc,
    tls_cipher,
    tls_client_subject,
    tls_version,
    entry_point_name,
    count_,
  };
  static const std::string_view kKeys[];  // "\"ClientAddr\":" ...

  bool has(Field field) const { return kept_[static_cast<size_t>(field)]; }
  FieldMode header_mode(std::string_view name) const;

  void append_common(std::string& out, const RequestRecord& record, uint64_t number);
  void append_word(std::string& out, Field field, std::string_view value) const;
  void append_quoted(std::string& out, Field field, std::string_view value) const;
  void append_quoted_header(std::string& out, FieldMode mode, const RequestRecord& record, http::HeaderId id) const;
  void append_path(std::string& out, const RequestRecord& record) const;

  void append_json(std::string& out, const RequestRecord& record, uint64_t number);
  void append_text_member(std::string& out, Field field, std::string_view value) const;
  void append_text_member_if(std::string& out, Field field, std::string_view value) const;
  template <class Number>
  void append_number_member(std::string& out, Field field, Number value) const;
  void append_time_member(std::string& out, Field field, SecondText& text, WallTime t) const;
  void append_headers(std::string& out, std::string_view prefix, const http::HeaderMap* headers);

  AccessLogOptions options_;
  std::bitset<static_cast<size_t>(Field::count_)> kept_;
  bool any_header_ = false;  // some header may be kept
  FieldMode referer_mode_, user_agent_mode_;
  SecondText utc_{SecondText::Zone::utc};
  SecondText local_{SecondText::Zone::local};
  std::vector<const http::Field*> headers_;  // scratch
  std::string text_;                         // scratch
};

}  // namespace fl::telemetry
