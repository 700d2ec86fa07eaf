#include "http/exchange.h"

namespace fl::http {
namespace {

constexpr size_t kMostDropped = 64 << 10;

// Read to its end, a body leaves its connection to the next exchange; nothing is waited for.
void drop_what_is_there(BodySource& body) {
  for (size_t dropped = 0; dropped < kMostDropped;) {
    const BodyChunk chunk = body.take();
    if (!chunk.ready() || chunk.last || chunk.error != BodyError::none) return;
    dropped += chunk.data.size();
  }
}

}  // namespace

void Exchange::respond(uint16_t status, std::string_view body, std::string_view content_type) {
  clear_keeping_memory(response);  // views of an answer that was dropped must not stay
  response.status = status;
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

net::Task<> Exchange::drop_answer() {
  if (response_body != nullptr) drop_what_is_there(*response_body);
  co_await end_tasks(request_body);
  watch_client(nullptr);
  response_body.reset();
  tunnel.reset();
  upgraded = nullptr;
  clear_keeping_memory(response);
}

void Exchange::let_go() {
  watch_client(nullptr);
  if (attachment != nullptr) std::exchange(attachment, nullptr)->on_end(*this);
  response_body.reset();
}

void Exchange::recycle() {
  clear_keeping_memory(request);  // a next request too broken to be parsed must not look like this one
  request_body = nullptr;
  response_body.reset();
  tunnel.reset();
  upgraded = nullptr;
  clear_keeping_memory(response);
  close_connection = drop_connection = response_complete = false;
  attachment = nullptr;
  response_error = BodyError::none;
  bytes_received = bytes_sent = 0;
  arena.reset();
}

}  // namespace fl::http
