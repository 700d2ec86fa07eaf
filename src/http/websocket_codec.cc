#include "http/websocket_codec.h"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/utf8.h"

namespace fl::http {
namespace {

constexpr uint8_t kFinal = 0x80, kReserved = 0x70, kOpcode = 0x0f;
constexpr uint8_t kMasked = 0x80, kLength = 0x7f;
constexpr uint8_t kLength16 = 126, kLength64 = 127;

bool is_control(WebSocketOpcode opcode) { return (static_cast<uint8_t>(opcode) & 0x8) != 0; }

bool is_known(uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

void append_length(std::string& out, uint8_t mask_bit, uint64_t size) {
  const int bytes = size < kLength16 ? 0 : size <= 0xffff ? 2 : 8;
  const uint8_t first = bytes == 0 ? static_cast<uint8_t>(size) : bytes == 2 ? kLength16 : kLength64;
  out += static_cast<char>(mask_bit | first);
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xff);
}

}  // namespace

bool is_valid_close_code(uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

// ---- encoder

void append_websocket_frame(std::string& out, WebSocketRole sender, WebSocketOpcode opcode, std::string_view payload) {
  out += static_cast<char>(kFinal | static_cast<uint8_t>(opcode));
  if (sender == WebSocketRole::server) {
    append_length(out, 0, payload.size());
    out += payload;
    return;
  }
  append_length(out, kMasked, payload.size());
  std::array<char, 4> mask;
  FL_CHECK(::getrandom(mask.data(), mask.size(), 0) == static_cast<ssize_t>(mask.size()));
  out.append(mask.data(), mask.size());
  const size_t begin = out.size();
  out += payload;
  for (size_t i = 0; i < payload.size(); ++i) out[begin + i] = static_cast<char>(out[begin + i] ^ mask[i % 4]);
}

void append_websocket_close(std::string& out, WebSocketRole sender, uint16_t code, std::string_view reason) {
  std::string payload;
  if (code != CloseCode::kNone) {
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xff);
    size_t size = std::min(reason.size(), kMaxControlPayload - payload.size());
    while (!is_utf8(reason.substr(0, size))) --size;
    payload += reason.substr(0, size);
  }
  append_websocket_frame(out, sender, WebSocketOpcode::close, payload);
}

// ---- decoder

WebSocketDecoder::Event WebSocketDecoder::fail(uint16_t code, std::string_view problem) {
  ended_ = true;
  close_code_ = code;
  problem_ = problem;
  return Event::failed;
}

size_t WebSocketDecoder::header_size() const {
  if (header_read_ < 2) return 2;
  const uint8_t length = header_[1] & kLength;
  const size_t extended = length == kLength16 ? 2u : length == kLength64 ? 8u : 0u;
  return 2 + extended + ((header_[1] & kMasked) != 0 ? 4 : 0);
}

// -> the header is complete
bool WebSocketDecoder::read_header(std::string_view& bytes) {
  while (header_read_ < header_size() && !bytes.empty()) {
    header_[header_read_++] = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
  }
  return header_read_ == header_size();
}

// Takes the frame's facts from its header. -> they are allowed; otherwise fail() was called
bool WebSocketDecoder::check_header() {
  const auto refuse = [&](uint16_t code, std::string_view problem) {
    fail(code, problem);
    return false;
  };
  if ((header_[0] & kReserved) != 0) return refuse(CloseCode::kProtocolError, "a reserved bit is set");
  if (!is_known(header_[0] & kOpcode)) return refuse(CloseCode::kProtocolError, "unknown opcode");
  final_ = (header_[0] & kFinal) != 0;
  opcode_ = static_cast<WebSocketOpcode>(header_[0] & kOpcode);
  const bool masked = (header_[1] & kMasked) != 0;
  if (masked != (self_ == WebSocketRole::server))
    return refuse(CloseCode::kProtocolError, masked ? "a server's frame is masked" : "a client's frame is not masked");

  const uint8_t length = header_[1] & kLength;
  const size_t extended = length == kLength16 ? 2u : length == kLength64 ? 8u : 0u;
  left_ = extended == 0 ? length : 0;
  for (size_t i = 0; i < extended; ++i) left_ = left_ << 8 | header_[2 + i];
  if ((extended == 2 && left_ < kLength16) || (extended == 8 && left_ <= 0xffff))
    return refuse(CloseCode::kProtocolError, "the length is not in its shortest form");
  if (masked) std::copy_n(header_.begin() + static_cast<ptrdiff_t>(2 + extended), 4, mask_.begin());
  mask_at_ = 0;

  if (is_control(opcode_)) {
    if (!final_) return refuse(CloseCode::kProtocolError, "a control frame is fragmented");
    if (left_ > kMaxControlPayload) return refuse(CloseCode::kProtocolError, "a control frame is too long");
    return true;
  }
  if (in_message_ != (opcode_ == WebSocketOpcode::continuation))
    return refuse(CloseCode::kProtocolError,
                  in_message_ ? "a new message inside a fragmented one" : "a continuation of no message");
  if (left_ > max_message_bytes_ - message_.size()) return refuse(CloseCode::kTooBig, "the message is too long");
  if (!in_message_) is_text_ = opcode_ == WebSocketOpcode::text;
  in_message_ = true;
  return true;
}

WebSocketDecoder::Event WebSocketDecoder::read_close() {
  ended_ = true;
  close_code_ = CloseCode::kNone;
  event_payload_.clear();
  if (control_.empty()) return Event::close;
  if (control_.size() == 1) return fail(CloseCode::kProtocolError, "a close frame of one byte");
  const auto code = static_cast<uint16_t>(static_cast<uint8_t>(control_[0]) << 8 | static_cast<uint8_t>(control_[1]));
  if (!is_valid_close_code(code)) return fail(CloseCode::kProtocolError, "a close code that may not be sent");
  event_payload_ = control_.substr(2);
  if (!is_utf8(event_payload_)) return fail(CloseCode::kInvalidData, "the reason of a close is not UTF-8");
  close_code_ = code;
  return Event::close;
}

WebSocketDecoder::Event WebSocketDecoder::end_of_frame() {
  if (is_control(opcode_)) {
    if (opcode_ == WebSocketOpcode::close) return read_close();
    event_payload_ = std::exchange(control_, {});
    return opcode_ == WebSocketOpcode::ping ? Event::ping : Event::pong;
  }
  if (!final_) return Event::none;
  in_message_ = false;
  event_payload_ = std::exchange(message_, {});
  if (!is_text_) return Event::binary;
  if (!is_utf8(event_payload_)) return fail(CloseCode::kInvalidData, "a text message is not UTF-8");
  return Event::text;
}

WebSocketDecoder::Event WebSocketDecoder::next(std::string_view& bytes) {
  while (!ended_) {
    if (!in_payload_) {
      if (!read_header(bytes)) return Event::none;
      header_read_ = 0;
      if (!check_header()) return Event::failed;
      in_payload_ = true;
      control_.clear();
    }
    std::string& to = is_control(opcode_) ? control_ : message_;
    const size_t n = std::min<uint64_t>(left_, bytes.size());
    const size_t begin = to.size();
    to.append(bytes.substr(0, n));
    if (self_ == WebSocketRole::server)
      for (size_t i = begin; i < to.size(); ++i) to[i] = static_cast<char>(to[i] ^ mask_[mask_at_++ % 4]);
    bytes.remove_prefix(n);
    left_ -= n;
    if (left_ > 0) return Event::none;
    in_payload_ = false;
    if (const Event event = end_of_frame(); event != Event::none) return event;
  }
  bytes = {};
  return Event::none;
}

}  // namespace fl::http
