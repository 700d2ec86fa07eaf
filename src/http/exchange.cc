#include "http/exchange.h"

namespace fl::http {

void Exchange::respond(uint16_t status, std::string_view body, std::string_view content_type) {
  response.status = status;
  response.reason = {};
  response.headers.clear();
  if (!content_type.empty()) response.headers.append(HeaderId::content_type, content_type);
  response.framing = Framing::length;
  response.content_length = body.size();
  response_body = std::make_unique<TextBody>(body);
}

void Exchange::respond_owned(uint16_t status, std::string body, std::string_view content_type) {
  respond(status, {}, content_type);
  response.content_length = body.size();
  response_body = std::make_unique<OwnedTextBody>(std::move(body));
}

void Exchange::recycle() {
  request.headers.clear();
  request_body = nullptr;
  response_body.reset();
  tunnel.reset();
  HeaderMap kept = std::move(response.headers);
  response = {};
  kept.clear();
  response.headers = std::move(kept);
  close_connection = drop_connection = response_complete = false;
  attachment = nullptr;
  bytes_sent = 0;
  arena.reset();
}

}  // namespace fl::http
