#include "http/h2/head_writer.h"

#include <algorithm>
#include <charconv>

#include "http/trailers.h"

namespace fl::http::h2 {
namespace {

bool belongs_to_http1(HeaderId id) {
  switch (id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_connection:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
    case HeaderId::content_length:  // written from the head's framing
    case HeaderId::host:            // :authority
    case HeaderId::te:
    case HeaderId::expect: return true;
    default: return false;
  }
}

std::string_view decimal(uint64_t number, Arena& arena) {
  char* const text = static_cast<char*>(arena.allocate(20, 1));
  return {text, static_cast<size_t>(std::to_chars(text, text + 20, number).ptr - text)};
}

std::string_view in_lower_case(std::string_view name, Arena& arena) {
  if (std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; })) return name;
  char* const lower = static_cast<char*>(arena.allocate(name.size(), 1));
  std::ranges::transform(name, lower, ascii_lower);
  return {lower, name.size()};
}

}  // namespace

HeadWriter::HeadWriter()
    : fields_([]() -> std::vector<nghttp2_nv>& {
        thread_local std::vector<nghttp2_nv> fields;
        return fields;
      }()) {}

void HeadWriter::begin(Memory memory) {
  fields_.clear();
  flags_ = memory == Memory::lives_on ? NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE : 0;
}

void HeadWriter::add(std::string_view name, std::string_view value, uint8_t flags) {
  nghttp2_nv& nv = fields_.emplace_back();
  nv.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  nv.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.empty() ? "" : value.data()));
  nv.namelen = name.size();
  nv.valuelen = value.size();
  nv.flags = static_cast<uint8_t>(flags_ | flags);
}

void HeadWriter::add(const Field& field, Arena& arena) {
  // RFC 7541 7.1.3: what is secret must not be guessed from the size of later blocks.
  const bool secret = field.id == HeaderId::authorization || field.id == HeaderId::proxy_authorization;
  add(field.id == HeaderId::other ? in_lower_case(field.name, arena) : lower_name(field.id), field.value,
      secret ? NGHTTP2_NV_FLAG_NO_INDEX : 0);
}

void HeadWriter::add_length(uint64_t length, Arena& arena) { add("content-length", decimal(length, arena)); }

std::span<const nghttp2_nv> HeadWriter::response(const ResponseHead& head, std::string_view date, Arena& arena,
                                                 Memory memory) {
  begin(memory);
  add(":status", decimal(head.status, arena));
  bool has_date = date.empty();
  for (const Field& field : head.headers) {
    if (belongs_to_http1(field.id)) continue;
    has_date |= field.id == HeaderId::date;
    add(field, arena);
  }
  if (head.status >= 200 && head.status != 204 && (head.framing == Framing::length || head.has_content_length))
    add_length(head.content_length, arena);
  if (!has_date) add("date", date);
  return fields_;
}

std::span<const nghttp2_nv> HeadWriter::request(const RequestHead& head, std::string_view scheme, Arena& arena) {
  begin(Memory::lives_on);
  const bool is_tunnel = !head.upgrade.empty();  // extended CONNECT (RFC 8441)
  add(":method", is_tunnel ? "CONNECT" : head.method);
  if (is_tunnel) add(":protocol", head.upgrade);
  add(":scheme", scheme);
  add(":authority", head.authority);
  std::string_view path = head.path.empty() ? std::string_view("/") : head.path;
  if (head.has_query) path = arena.concat({path, "?", head.query});
  add(":path", path);
  for (const Field& field : head.headers) {
    if (field.id == HeaderId::te && has_token(field.value, "trailers"))
      add("te", "trailers");
    else if (!belongs_to_http1(field.id) && !(is_tunnel && field.id == HeaderId::sec_websocket_key))
      add(field, arena);
  }
  if (head.framing == Framing::length) add_length(head.content_length, arena);
  if (head.expects_continue) add("expect", "100-continue");
  return fields_;
}

std::span<const nghttp2_nv> HeadWriter::trailers(const HeaderMap& fields, Arena& arena) {
  begin(Memory::copied);
  for (const Field& field : fields)
    if (is_forwardable_trailer(field)) add(field, arena);
  return fields_;
}

}  // namespace fl::http::h2
