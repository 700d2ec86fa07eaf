// The frames of RFC 6455 and the messages they carry, without I/O: a decoder that takes bytes in any portions, and an
// encoder. No extensions, so the reserved bits must be zero. Pure; one decoder a connection.
//
//   header -> payload -> (control: event at once | data: joined to the message, event when it is final) -> header ...
//                 \ failed: nothing more is read
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace fl::http {

enum class WebSocketRole : uint8_t { client, server };

// RFC 6455 7.4.1: those that this code sends or must tell apart.
struct CloseCode {
  static constexpr uint16_t kNormal = 1000;
  static constexpr uint16_t kGoingAway = 1001;
  static constexpr uint16_t kProtocolError = 1002;
  static constexpr uint16_t kNone = 1005;  // never on the wire: the close frame named none
  static constexpr uint16_t kInvalidData = 1007;
  static constexpr uint16_t kPolicyViolation = 1008;
  static constexpr uint16_t kTooBig = 1009;
  static constexpr uint16_t kInternalError = 1011;
};

enum class WebSocketOpcode : uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr size_t kMaxControlPayload = 125;  // RFC 6455 5.5

class WebSocketDecoder {
 public:
  enum class Event : uint8_t { none, text, binary, ping, pong, close, failed };

  // `self` is who decodes: a server requires masked frames, a client refuses them. A message, all its fragments
  // together, may have `max_message_bytes`.
  WebSocketDecoder(WebSocketRole self, size_t max_message_bytes) : self_(self), max_message_bytes_(max_message_bytes) {}

  // Reads from the front of `bytes`, which then begins behind what was read. `none`: all was read, more is needed.
  // After `close` and `failed` nothing more is read.
  Event next(std::string_view& bytes);

  // Of the event: the message, the data of a ping or pong, the reason of a close. To be moved out before next().
  std::string& payload() { return event_payload_; }
  // Of `close`: the peer's code, kNone when it gave none. Of `failed`: what to close with.
  uint16_t close_code() const { return close_code_; }
  // Of `failed`, in English; lives for ever.
  std::string_view problem() const { return problem_; }

 private:
  bool read_header(std::string_view& bytes);
  bool check_header();
  size_t header_size() const;
  Event end_of_frame();
  Event read_close();
  Event fail(uint16_t code, std::string_view problem);

  WebSocketRole self_;
  size_t max_message_bytes_;

  std::array<uint8_t, 14> header_{};
  size_t header_read_ = 0;
  bool in_payload_ = false;
  bool ended_ = false;

  // the frame
  bool final_ = false;
  WebSocketOpcode opcode_{};
  uint64_t left_ = 0;  // of the payload
  std::array<uint8_t, 4> mask_{};
  size_t mask_at_ = 0;
  std::string control_;

  // the message, as far as its fragments came
  bool in_message_ = false;
  bool is_text_ = false;
  std::string message_;

  std::string event_payload_;
  uint16_t close_code_ = CloseCode::kNone;
  std::string_view problem_;
};

// Appends one final frame. A client's is masked with bytes from the kernel, as RFC 6455 5.3 asks.
void append_websocket_frame(std::string& out, WebSocketRole sender, WebSocketOpcode opcode, std::string_view payload);
// `reason` is cut to fit; kNone gives an empty close frame.
void append_websocket_close(std::string& out, WebSocketRole sender, uint16_t code, std::string_view reason);

// Whether a peer may send it in a close frame (RFC 6455 7.4).
bool is_valid_close_code(uint16_t code);

}  // namespace fl::http
