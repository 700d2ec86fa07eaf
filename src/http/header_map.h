// Header fields of one message, in order, names and values as views into somebody else's memory: the connection's
// buffer or the exchange's arena, both of which outlive the map. Works the same for HTTP/1, HTTP/2 and HTTP/3.
// Worker thread; lives in an Exchange.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace fl::http {

// Field names the proxy itself looks at; everything else is `other`. Classified once, by the parser, so that later
// look-ups compare one byte.
enum class HeaderId : uint8_t {
  other,
  // RFC 9110 7.6.1: meant for one connection only, never forwarded as they came.
  connection,
  keep_alive,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  // Framing and routing.
  content_length,
  expect,
  host,
  // Who asked, by way of whom.
  forwarded,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_method,
  x_forwarded_port,
  x_forwarded_prefix,
  x_forwarded_proto,
  x_forwarded_scheme,
  x_forwarded_server,
  x_forwarded_tls_client_cert,
  x_forwarded_tls_client_cert_info,
  x_forwarded_uri,
  x_real_ip,
  x_scheme,
  // Others that middlewares, logs and the codec ask for.
  accept,
  accept_encoding,
  authorization,
  cache_control,
  content_encoding,
  content_type,
  cookie,
  date,
  location,
  origin,
  referer,
  sec_websocket_accept,
  sec_websocket_extensions,
  sec_websocket_key,
  sec_websocket_protocol,
  sec_websocket_version,
  server,
  set_cookie,
  user_agent,
  vary,
  count_,
};

// The id of a field name in any letter case.
HeaderId classify_header(std::string_view name);
// The usual spelling, e.g. "X-Forwarded-For"; empty for `other`.
std::string_view canonical_name(HeaderId id);
// The same in lower case, as HTTP/2 has it.
std::string_view lower_name(HeaderId id);

struct Field {
  std::string_view name;
  std::string_view value;
  HeaderId id = HeaderId::other;
};

class HeaderMap {
 public:
  // The parser's way in: `id` is already known.
  Field& append(HeaderId id, std::string_view name, std::string_view value) {
    // Built in place, member by member: a temporary costs a store-forwarding stall, half of a field's parse time.
    Field& field = fields_.emplace_back();
    field.name = name;
    field.value = value;
    field.id = id;
    return field;
  }
  void append(std::string_view name, std::string_view value) { append(classify_header(name), name, value); }
  void append(HeaderId id, std::string_view value) { append(id, canonical_name(id), value); }

  // First value, or null when absent. `id` must not be `other`.
  const std::string_view* find(HeaderId id) const {
    for (const auto& field : fields_)
      if (field.id == id) return &field.value;
    return nullptr;
  }
  const std::string_view* find(std::string_view name) const;
  bool contains(HeaderId id) const { return find(id) != nullptr; }
  // The same, empty when absent.
  std::string_view value(HeaderId id) const { return or_empty(find(id)); }
  std::string_view value(std::string_view name) const { return or_empty(find(name)); }

  // Gives the first field of that name, which is there, another value.
  void set_first(HeaderId id, std::string_view value) {
    for (Field& field : fields_)
      if (field.id == id) {
        field.value = value;
        return;
      }
  }
  // Replaces every field of that name by one at the end.
  void set(HeaderId id, std::string_view value) {
    remove(id);
    append(id, value);
  }
  void set(std::string_view name, std::string_view value) {
    remove(name);
    append(name, value);
  }

  // Number of fields removed.
  size_t remove(HeaderId id) {
    return std::erase_if(fields_, [id](const Field& f) { return f.id == id; });
  }
  size_t remove(std::string_view name);
  template <class Predicate>
  size_t remove_if(Predicate predicate) {
    return std::erase_if(fields_, predicate);
  }

  size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  void clear() { fields_.clear(); }  // keeps the memory for the next message
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  auto begin() { return fields_.begin(); }
  auto end() { return fields_.end(); }
  const Field& operator[](size_t i) const { return fields_[i]; }

 private:
  static std::string_view or_empty(const std::string_view* value) {
    return value == nullptr ? std::string_view{} : *value;
  }

  std::vector<Field> fields_;
};

// Calls f(item) for each item of a comma list, blanks around it cut off; empty items too (RFC 9110 5.6.1). Commas in
// quoted strings part items as well: for lists of tokens only.
template <class F>
void for_each_item(std::string_view list, F f) {
  for (;;) {
    const size_t comma = list.find(',');
    f(trim(list.substr(0, comma), " \t"));
    if (comma == list.npos) return;
    list.remove_prefix(comma + 1);
  }
}

// True when the comma list `value` has the token, in any letter case.
bool has_token(std::string_view value, std::string_view token);

}  // namespace fl::http
