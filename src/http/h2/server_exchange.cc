#include "http/h2/server_exchange.h"

#include <algorithm>

#include "http/h2/server_connection.h"

namespace fl::http::h2 {

void ServerExchange::begin(ServerConnection& connection, int32_t id) {
  server_connection_ = &connection;
  connection_ = &connection.info();
  Stream::open(connection, id);
}

void ServerExchange::end() {
  watch_client(nullptr);
  deadline_.cancel();
  Exchange::recycle();
  Stream::recycle();
  held_bytes = 0;
  refusal = 0;
  continue_pending = response_started = dispatched = arrived = is_tunnel = aborted_ = false;
  websocket_key = {};
  read_deadline_ = write_deadline_ = net::Stream::kNever;
  server_connection_ = nullptr;
  connection_ = nullptr;
}

net::Task<int> ServerExchange::send_interim(const ResponseHead& head) {
  if (response_started || closed()) co_return 0;
  if (head.status == 100) {
    if (!continue_pending) co_return 0;
    continue_pending = false;
  }
  Connection& c = *server_connection_;
  const auto fields = c.head_writer().response(head, {}, arena, Memory::copied);
  nghttp2_submit_headers(c.session(), NGHTTP2_FLAG_NONE, id(), nullptr, fields.data(), fields.size(), nullptr);
  c.flush();
  co_return 0;
}

void ServerExchange::RequestBody::before_wait() {
  if (!exchange_.continue_pending || exchange_.response_started || exchange_.closed()) return;
  exchange_.continue_pending = false;
  Connection& c = *exchange_.server_connection_;
  static const nghttp2_nv kContinue = {.name = reinterpret_cast<uint8_t*>(const_cast<char*>(":status")),
                                       .value = reinterpret_cast<uint8_t*>(const_cast<char*>("100")),
                                       .namelen = 7,
                                       .valuelen = 3,
                                       .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
  nghttp2_submit_headers(c.session(), NGHTTP2_FLAG_NONE, exchange_.id(), nullptr, &kContinue, 1, nullptr);
  c.flush_later();
}

void ServerExchange::watch_client(ClientGoneListener* listener) {
  gone_listener_ = listener;
  if (listener != nullptr && aborted_) abort();
}

void ServerExchange::abort() noexcept {
  aborted_ = true;
  if (gone_listener_ != nullptr) std::exchange(gone_listener_, nullptr)->on_client_gone();
}

void ServerExchange::on_abort() noexcept {
  if (response_complete && body_.ended() && close_code() == NGHTTP2_NO_ERROR) return;  // an answer without a body
  if (!dispatched) server_connection_->arrive(*this);                                  // to be let go
  if (response_body != nullptr) response_body->abandon();
  abort();
}

void ServerExchange::arm(TimePoint read_deadline, TimePoint write_deadline) {
  read_deadline_ = read_deadline;
  write_deadline_ = write_deadline;
  const TimePoint next = std::min(read_deadline_, write_deadline_);
  if (next == net::Stream::kNever)
    deadline_.cancel();
  else
    server_connection_->loop().timers().set(deadline_, next);
}

void ServerExchange::on_deadline() {
  const TimePoint now = server_connection_->loop().now();
  if (!dispatched) return server_connection_->refuse(*this, NGHTTP2_CANCEL);  // its end, which it has to have, is late
  if (write_deadline_ <= now) {
    write_deadline_ = net::Stream::kNever;
    reset(NGHTTP2_CANCEL);
  }
  if (read_deadline_ <= now) {
    read_deadline_ = net::Stream::kNever;
    body_.fail(BodyError::timeout);
  }
  arm(read_deadline_, write_deadline_);
}

}  // namespace fl::http::h2
