#include "http/h2/head_reader.h"

#include <algorithm>
#include <array>

#include "http/grammar.h"
#include "http/h1/field_line.h"
#include "http/h1/target.h"

namespace fl::http::h2 {
namespace {

constexpr size_t kFieldCost = 80;   // of each field, beside its bytes
constexpr size_t kFloodFactor = 4;  // times the limit at which a block is too large

constexpr std::array<bool, 256> kNameChars = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 256; ++c) table[c] = is_token_char(static_cast<char>(c)) && !(c >= 'A' && c <= 'Z');
  return table;
}();

// A token in lower case (RFC 9113 8.2.1).
bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return kNameChars[static_cast<unsigned char>(c)]; });
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_value(std::string_view value) {
  return value.empty() || (!is_blank(value.front()) && !is_blank(value.back()) && is_field_value(value));
}

// RFC 3986 3.1
bool is_scheme(std::string_view scheme) {
  return !scheme.empty() && is_alnum(scheme[0]) && !is_digit(scheme[0]) &&
         std::ranges::all_of(scheme, [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

}  // namespace

void HeadReader::begin(Of of, HeaderMap* fields, Arena* arena, size_t room) {
  of_ = of;
  fields_ = fields;
  arena_ = arena;
  room_ = room;
  pseudo_ = {};
  fault_ = HeadFault::none;
  regular_ = expects_continue_ = false;
  bytes_ = held_ = cookies_ = 0;
  content_length_.reset();
}

void HeadReader::begin_request(RequestHead& head, Arena& arena, size_t room) {
  clear_keeping_memory(head);
  request_ = &head;
  begin(Of::request, &head.headers, &arena, room);
}

void HeadReader::begin_response(ResponseHead& head, Arena& arena) {
  clear_keeping_memory(head);
  response_ = &head;
  begin(Of::response, &head.headers, &arena);
}

void HeadReader::begin_trailers(HeaderMap& fields, Arena& arena, size_t room) {
  begin(Of::trailers, &fields, &arena, room);
}
void HeadReader::begin_ignored() { begin(Of::nobody, nullptr, nullptr); }

void HeadReader::add(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + kFieldCost;
  if (bytes_ > kFloodFactor * limits_.max_head_bytes) fault_ = HeadFault::flood;
  const size_t held = Arena::cost(name.size()) + Arena::cost(value.size()) + kFieldCost;
  if (held_ + held > room_) fail(HeadFault::no_room);
  if (of_ == Of::nobody || fault_ != HeadFault::none) return;
  held_ += held;
  if (name.starts_with(':'))
    add_pseudo(name, value);
  else
    add_field(name, value);
}

void HeadReader::add_pseudo(std::string_view name, std::string_view value) {
  std::optional<std::string_view>* place = nullptr;
  if (of_ == Of::request) {
    if (name == ":method") place = &pseudo_.method;
    if (name == ":scheme") place = &pseudo_.scheme;
    if (name == ":authority") place = &pseudo_.authority;
    if (name == ":path") place = &pseudo_.path;
    if (name == ":protocol") place = &pseudo_.protocol;
  } else if (of_ == Of::response) {
    if (name == ":status") place = &pseudo_.status;
  }
  if (place == nullptr || place->has_value() || regular_) return fail(HeadFault::malformed);
  if (place == &pseudo_.path && value.size() > limits_.max_target_bytes) return fail(HeadFault::target_too_long);
  if (bytes_ > limits_.max_head_bytes) return fail(HeadFault::too_large);
  *place = arena_->copy(value);
}

void HeadReader::add_field(std::string_view name, std::string_view value) {
  regular_ = true;
  if (!is_field_name(name) || !is_value(value)) return fail(HeadFault::malformed);
  const HeaderId id = classify_header(name);
  switch (id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_connection:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade: return fail(HeadFault::malformed);  // RFC 9113 8.2.2
    case HeaderId::te:
      if (of_ != Of::request || !iequals(value, "trailers")) return fail(HeadFault::malformed);
      break;
    case HeaderId::host:
      if (of_ == Of::request && fields_->contains(HeaderId::host)) return fail(HeadFault::malformed);
      break;
    case HeaderId::content_length: {
      if (of_ == Of::trailers) break;
      const auto length = h1::parse_content_length(value);
      if (!length || content_length_) return fail(HeadFault::malformed);
      content_length_ = length;
      break;
    }
    case HeaderId::expect:
      if (of_ != Of::request) break;
      if (!iequals(value, "100-continue")) return fail(HeadFault::bad_expectation);
      expects_continue_ = true;
      break;
    case HeaderId::cookie: ++cookies_; break;
    default: break;
  }
  if (bytes_ > limits_.max_head_bytes || fields_->size() == limits_.max_fields) return fail(HeadFault::too_large);
  fields_->append(id, id == HeaderId::other ? arena_->copy(name) : canonical_name(id), arena_->copy(value));
}

HeadFault HeadReader::end_request(bool end_stream) {
  RequestHead& head = *request_;
  head.version = Version::http2;
  head.method = pseudo_.method.value_or("");
  head.method_id = classify_method(head.method);
  if (fault_ != HeadFault::none) return fault_;
  if (!is_token(head.method)) return HeadFault::malformed;

  const std::string_view* const host = head.headers.find(HeaderId::host);
  if (!pseudo_.authority && host == nullptr) return HeadFault::malformed;
  head.authority = pseudo_.authority ? *pseudo_.authority : *host;
  if (!is_authority(head.authority)) return HeadFault::malformed;
  if (host == nullptr)
    head.headers.append(HeaderId::host, head.authority);
  else if (!iequals(*host, head.authority))
    return HeadFault::malformed;

  if (head.method_id == Method::connect) {
    if (const HeadFault fault = end_connect(head); fault != HeadFault::none) return fault;
  } else if (pseudo_.protocol) {
    return HeadFault::malformed;
  }
  if (const HeadFault fault = end_target(head); fault != HeadFault::none) return fault;
  if (cookies_ > 1) join_cookies();
  if (is_tunnel()) return content_length_ ? HeadFault::malformed : HeadFault::none;

  head.content_length = content_length_.value_or(0);
  head.framing = content_length_ ? Framing::length : end_stream ? Framing::none : Framing::chunked;
  if (end_stream && head.content_length > 0) return HeadFault::malformed;
  head.expects_continue = expects_continue_ && !end_stream && (!content_length_ || *content_length_ > 0);
  return HeadFault::none;
}

HeadFault HeadReader::end_connect(RequestHead& head) {
  if (!pseudo_.protocol)  // RFC 9113 8.5: neither scheme nor path
    return pseudo_.scheme || pseudo_.path || !pseudo_.authority ? HeadFault::malformed : HeadFault::connect_refused;
  if (!iequals(*pseudo_.protocol, "websocket")) return HeadFault::unknown_protocol;
  head.method = "GET";
  head.method_id = Method::get;
  head.upgrade = "websocket";
  return HeadFault::none;
}

HeadFault HeadReader::end_target(RequestHead& head) {
  if (!pseudo_.scheme || !is_scheme(*pseudo_.scheme)) return HeadFault::malformed;
  // Neither absolute-form nor anything else that parse_target() takes in HTTP/1.
  if (!pseudo_.path || pseudo_.path->empty()) return HeadFault::malformed;
  if (pseudo_.path->front() != '/' && *pseudo_.path != "*") return HeadFault::malformed;
  return h1::parse_target(*pseudo_.path, head) ? HeadFault::none : HeadFault::malformed;
}

// RFC 9113 8.2.3: what HTTP/1 has in one field may come in several.
void HeadReader::join_cookies() {
  size_t size = 0;
  for (const Field& field : *fields_)
    if (field.id == HeaderId::cookie) size += field.value.size() + 2;
  held_ += Arena::cost(size);
  char* const joined = static_cast<char*>(arena_->allocate(size, 1));
  char* end = joined;
  for (const Field& field : *fields_) {
    if (field.id != HeaderId::cookie) continue;
    if (end != joined) end = std::ranges::copy(std::string_view("; "), end).out;
    end = std::ranges::copy(field.value, end).out;
  }
  fields_->set(HeaderId::cookie, {joined, static_cast<size_t>(end - joined)});
}

HeadFault HeadReader::end_response(bool end_stream, bool to_head_request) {
  if (fault_ != HeadFault::none) return fault_;
  ResponseHead& head = *response_;
  head.version = Version::http2;
  const std::string_view status = pseudo_.status.value_or("");
  if (status.size() != 3 || !std::ranges::all_of(status, is_digit)) return HeadFault::malformed;
  head.status = static_cast<uint16_t>((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
  // RFC 9113 8.6: nothing is switched in HTTP/2.
  if (head.status < 100 || head.status > 599 || head.status == 101) return HeadFault::malformed;
  if (head.status < 200) return end_stream ? HeadFault::malformed : HeadFault::none;
  head.has_content_length = content_length_.has_value();
  head.content_length = content_length_.value_or(0);
  const bool has_no_body = to_head_request || head.status == 204 || head.status == 304;
  if (has_no_body || end_stream)
    head.framing = Framing::none;
  else
    head.framing = content_length_ ? Framing::length : Framing::chunked;
  if (end_stream && !has_no_body && head.content_length > 0) return HeadFault::malformed;
  return HeadFault::none;
}

}  // namespace fl::http::h2
