// A WebSocket (RFC 6455) on a connection that has been upgraded: messages in and out, pings answered, the closing
// handshake; and the opening handshake of both sides. One loop; borrows the connection, which outlives it.
//
//   accept_websocket() | connect_websocket() -> receive() ... send_text() ... -> close()  (always, and last)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/exchange.h"
#include "http/fetch.h"
#include "http/websocket_codec.h"
#include "net/buffer.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::http {

struct WebSocketLimits {
  size_t max_message_bytes = 4 << 20;
  size_t max_queued_bytes = 16 << 20;  // of messages the peer has not taken yet; then send_*() refuses
  Duration write_timeout = 30s;        // for the peer to take what is queued
};

struct WebSocketMessage {
  bool is_text = true;
  std::string data;
};

class WebSocket {
 public:
  WebSocket(net::Stream& stream, net::InBuffer& in, WebSocketRole role, WebSocketLimits limits = {});
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  ~WebSocket();  // after close() has returned

  // The next message; one caller at a time. Errors, each the end of this WebSocket but for a timeout:
  //   unavailable  the peer closed (close_code() is set) or the connection broke
  //   invalid      the peer violated the protocol; it is told so by close()
  //   timeout      nothing came until `deadline`; calling again is fine
  //   canceled     after cancel()
  net::Task<Result<WebSocketMessage>> receive(TimePoint deadline = net::Stream::kNever);
  // Ends receive() early, now and from now on.
  void cancel();

  // Puts a message behind those that are on their way. -> false when this WebSocket has ended or too much is waiting
  bool send_text(std::string_view text) { return send(WebSocketOpcode::text, text); }
  bool send_binary(std::string_view bytes) { return send(WebSocketOpcode::binary, bytes); }
  bool ping(std::string_view data = {}) { return send(WebSocketOpcode::ping, data.substr(0, kMaxControlPayload)); }

  // Says why, sends what is queued, waits a moment for the peer's own close. The connection is then of no more use.
  net::Task<> close(uint16_t code = CloseCode::kNormal, std::string reason = {});

  // What the peer closed with, once it has.
  std::optional<uint16_t> close_code() const { return peer_code_; }

 private:
  bool send(WebSocketOpcode opcode, std::string_view payload);
  void start_flush();
  net::Task<> flush();
  Error broken(ssize_t result);

  net::Stream& stream_;
  net::InBuffer& in_;
  const WebSocketRole role_;
  const WebSocketLimits limits_;
  WebSocketDecoder decoder_;
  std::string out_;       // frames that nobody writes yet
  size_t in_flight_ = 0;  // bytes that flush() is writing
  int write_error_ = 0;
  uint16_t failure_code_ = 0;  // what to close with after the peer's violation
  bool close_sent_ = false;
  bool canceled_ = false;
  std::optional<uint16_t> peer_code_;
  net::TaskScope writers_;
};

// ---- opening handshake

// The request asks for a websocket as RFC 6455 4.1 says, so that an extended CONNECT (RFC 8441) can stand for it.
bool is_websocket_request(const Exchange& exchange);
// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 4.2.2).
std::string websocket_accept(std::string_view key);

// The server's side, called by a handler: checks the request (RFC 6455 4.2.1) and decides the answer: 101, after which
// `serve` speaks on the connection until its task ends; else 400, or 426 with the version we speak.
// -> 101 was decided
bool accept_websocket(Exchange& exchange, UpgradedService serve);

// The client's side: `request` is a GET with whatever headers it needs besides those of the handshake. Errors: as
// fetch() has them; denied, not_found, unavailable or invalid by status when the server answers anything but 101, with
// the beginning of its text; invalid when the 101 does not fit the key.
net::Task<Result<std::unique_ptr<UpgradedConnection>>> connect_websocket(Fetcher& fetcher, FetchRequest request,
                                                                         FetchOptions options = {});

}  // namespace fl::http
