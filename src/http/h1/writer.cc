#include "http/h1/writer.h"

#include <charconv>
#include <cstring>

#include "base/check.h"
#include "http/h1/scan.h"

namespace fl::http::h1 {
namespace {

// More than all that the codec may add besides texts of the head: version, Content-Length of 20 digits, Connection ...
constexpr size_t kOwnBytes = 256;
constexpr size_t kPerField = sizeof(": \r\n") - 1;

[[maybe_unused]] bool is_one_line(std::string_view text) {
  const char* const end = text.data() + text.size();
  return find_control(text.data(), end) == end;
}

class Cursor {
 public:
  explicit Cursor(char* p) : p_(p) {}
  void put(std::string_view text) {
    if (text.empty()) return;  // it may be null, which memcpy must not be given
    std::memcpy(p_, text.data(), text.size());
    p_ += text.size();
  }
  void put(char c) { *p_++ = c; }
  void put(uint64_t number) { p_ = std::to_chars(p_, p_ + 20, number).ptr; }
  void field(std::string_view name, std::string_view value) {
    FL_ASSERT(!name.empty() && is_one_line(name) && is_one_line(value));
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }
  size_t since(const char* begin) const { return static_cast<size_t>(p_ - begin); }

 private:
  char* p_;
};

constexpr bool is_codec_owned(HeaderId id) {
  switch (id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_connection:
    case HeaderId::transfer_encoding:
    case HeaderId::content_length:
    case HeaderId::te:
    case HeaderId::trailer:
    case HeaderId::upgrade:
    case HeaderId::expect:
    case HeaderId::host: return true;
    default: return false;
  }
}

void put_fields(Cursor& out, const HeaderMap& fields) {
  for (const Field& field : fields)
    if (!is_codec_owned(field.id)) out.field(field.name, field.value);
}

// The names of the fields behind a chunked body (RFC 9110 6.6.2).
void put_trailer_names(Cursor& out, const HeaderMap& fields) {
  for (const Field& field : fields)
    if (field.id == HeaderId::trailer) out.field(field.name, field.value);
}

void put_content_length(Cursor& out, uint64_t length) {
  out.put("Content-Length: ");
  out.put(length);
  out.put("\r\n");
}

void put_upgrade(Cursor& out, std::string_view protocol) {
  out.put("Connection: Upgrade\r\n");
  out.field("Upgrade", protocol);
}

size_t fields_bound(const HeaderMap& fields) {
  size_t bound = 0;
  for (const Field& field : fields) bound += field.name.size() + field.value.size() + kPerField;
  return bound;
}

bool accepts_trailers(const HeaderMap& fields) {
  for (const Field& field : fields)
    if (field.id == HeaderId::te && has_token(field.value, "trailers")) return true;
  return false;
}

}  // namespace

size_t request_head_bound(const RequestHead& head) {
  return head.method.size() + head.path.size() + head.query.size() + head.authority.size() + head.upgrade.size() +
         fields_bound(head.headers) + kOwnBytes;
}

size_t response_head_bound(const ResponseHead& head) {
  return head.reason.size() + head.upgrade.size() + fields_bound(head.headers) + kOwnBytes;
}

size_t write_request_head(char* out, const RequestHead& head) {
  FL_ASSERT(is_one_line(head.method) && is_one_line(head.path) && is_one_line(head.query));
  Cursor cursor(out);
  cursor.put(head.method);
  cursor.put(' ');
  cursor.put(head.path.empty() ? "/" : head.path);  // RFC 9112 3.2.1
  if (head.has_query) {
    cursor.put('?');
    cursor.put(head.query);
  }
  cursor.put(" HTTP/1.1\r\n");
  cursor.field("Host", head.authority);
  put_fields(cursor, head.headers);

  if (head.framing == Framing::length) put_content_length(cursor, head.content_length);
  if (head.framing == Framing::chunked) cursor.put("Transfer-Encoding: chunked\r\n");
  if (head.expects_continue) cursor.put("Expect: 100-continue\r\n");
  // RFC 9110 10.1.4: TE has to be listed in Connection; an upgraded connection has no trailers to accept.
  if (!head.upgrade.empty())
    put_upgrade(cursor, head.upgrade);
  else if (accepts_trailers(head.headers))
    cursor.put("TE: trailers\r\nConnection: TE\r\n");
  cursor.put("\r\n");
  return cursor.since(out);
}

size_t write_response_head(char* out, const ResponseHead& head, const ResponseWriteOptions& options) {
  FL_ASSERT(head.status >= 100 && head.status <= 599 && is_one_line(head.reason));
  const bool is_interim = head.status < 200;
  const bool has_length = head.framing == Framing::length || head.has_content_length;
  const bool may_have_body = options.body_allowed && !is_interim && head.status != 204 && head.status != 304;
  FL_ASSERT(!may_have_body || !options.keep_alive || head.framing != Framing::until_close);
  FL_ASSERT(!may_have_body || !options.keep_alive || head.framing != Framing::chunked || !options.to_http10);

  Cursor cursor(out);
  cursor.put("HTTP/1.1 ");
  cursor.put(static_cast<uint64_t>(head.status));
  cursor.put(' ');
  cursor.put(head.reason.empty() ? reason_phrase(head.status) : head.reason);
  cursor.put("\r\n");
  put_fields(cursor, head.headers);

  if (may_have_body) {
    if (head.framing == Framing::length || head.framing == Framing::none) {
      put_content_length(cursor, head.content_length);
    } else if (head.framing == Framing::chunked && !options.to_http10) {
      cursor.put("Transfer-Encoding: chunked\r\n");
      put_trailer_names(cursor, head.headers);
    }
  } else if (has_length && !is_interim && head.status != 204) {
    put_content_length(cursor, head.content_length);
  }

  if (!head.upgrade.empty())
    put_upgrade(cursor, head.upgrade);
  else if (!is_interim && !options.keep_alive)
    cursor.put("Connection: close\r\n");
  else if (!is_interim && options.to_http10)
    cursor.put("Connection: keep-alive\r\n");
  cursor.put("\r\n");
  return cursor.since(out);
}

}  // namespace fl::http::h1
