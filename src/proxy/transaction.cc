#include "proxy/transaction.h"

#include "proxy/grpc.h"

namespace fl::proxy {
namespace {

// Empty when the server is not to blame.
std::string_view name(http::BodyError error) {
  switch (error) {
    case http::BodyError::none:
    case http::BodyError::canceled: return {};
    case http::BodyError::truncated: return "truncated";
    case http::BodyError::malformed: return "malformed";
    case http::BodyError::too_large: return "too large";
    case http::BodyError::timeout: return "timeout";
    case http::BodyError::broken: return "broken";
  }
  return {};
}

}  // namespace

void Transaction::on_end(http::Exchange& exchange) noexcept {
  if (worker.wants_records()) complete_record(exchange);
  leave();
}

void Transaction::complete_record(const http::Exchange& exchange) {
  record.duration = worker.loop().clock().now() - start;
  record.status = exchange.response.status;
  record.request_bytes = exchange.bytes_received;
  record.response_bytes = exchange.bytes_sent;
  // What the server sent is what the client got, unless a middleware that changes bodies has counted for itself.
  if (record.origin_status != 0 && record.origin_bytes == 0) record.origin_bytes = exchange.bytes_sent;
  record.origin_error = name(exchange.response_error);
  record.request_headers = &exchange.request.headers;
  record.origin_headers = record.origin_status != 0 ? &exchange.response.headers : nullptr;
  record.response_headers = &exchange.response.headers;
  if (record.grpc_status < 0 && (record.grpc_web || is_grpc(exchange.request)))
    record.grpc_status = grpc_status_of(exchange);
  worker.record(record);
}

void Transaction::leave() noexcept {
  worker.forget_uploads(kept_upload_bytes_);
  worker.unpin(pin);
}

bool Transaction::keep_upload(uint64_t bytes) {
  if (!worker.keep_upload(bytes)) return false;
  kept_upload_bytes_ += bytes;
  return true;
}

}  // namespace fl::proxy
