#include "proxy/grpc.h"

#include "base/strings.h"
#include "proxy/transaction.h"

namespace fl::proxy {

using http::HeaderId;

namespace {

constexpr int16_t kUnknown = 2;
constexpr uint64_t kLastCode = 16;  // UNAUTHENTICATED

}  // namespace

bool is_grpc(const http::RequestHead& request) {
  constexpr std::string_view kType = "application/grpc";
  if (request.version != http::Version::http2) return false;
  const std::string_view* const type = request.headers.find(HeaderId::content_type);
  if (type == nullptr || !iequals(type->substr(0, kType.size()), kType)) return false;
  return type->size() == kType.size() || (*type)[kType.size()] == '+' || (*type)[kType.size()] == ';';
}

int grpc_status_of(uint16_t status) {
  enum { permission_denied = 7, unimplemented = 12, internal = 13, unavailable = 14, unauthenticated = 16 };
  switch (status) {
    case 400: return internal;
    case 401: return unauthenticated;
    case 403: return permission_denied;
    case 404: return unimplemented;
    case 429:
    case 502:
    case 503:
    case 504: return unavailable;
    default: return kUnknown;
  }
}

int16_t grpc_status_in(const http::HeaderMap& fields) {
  const std::string_view* const value = fields.find("grpc-status");
  if (value == nullptr) return -1;
  const auto code = parse_uint(*value);
  return code && *code <= kLastCode ? static_cast<int16_t>(*code) : kUnknown;
}

int16_t grpc_status_of(const http::Exchange& x) {
  if (const int16_t code = grpc_status_in(x.response.headers); code >= 0) return code;
  const http::HeaderMap* const trailers = x.response_body != nullptr ? x.response_body->trailers() : nullptr;
  return trailers != nullptr ? grpc_status_in(*trailers) : int16_t{-1};
}

net::Task<> answer_as_grpc(http::Exchange& x, net::Task<> task) {
  co_await std::move(task);
  http::ResponseHead& head = x.response;
  if (head.status < 300 || Transaction::of(x).record.origin_status != 0) co_return;
  const std::string_view code = x.arena.copy(std::to_string(grpc_status_of(head.status)));
  const std::string_view reason = http::reason_phrase(head.status);
  x.response_body.reset();
  head.status = 200;
  head.reason = {};
  head.framing = http::Framing::none;
  head.has_content_length = false;
  head.headers.set(HeaderId::content_type, "application/grpc");
  head.headers.set("grpc-status", code);
  head.headers.set("grpc-message", reason);
}

}  // namespace fl::proxy
