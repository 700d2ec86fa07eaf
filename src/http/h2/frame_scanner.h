// Walks the frame headers of a byte stream (RFC 9113 4.1) before the bytes are given to nghttp2, which tells of a frame
// only once it has kept it. Pure; one a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fl::http::h2 {

enum class FrameType : uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
  priority_update = 0x10,  // RFC 9218 7.1
};

inline constexpr uint8_t kEndStream = 1;  // DATA, HEADERS
inline constexpr uint8_t kAck = 1;        // SETTINGS, PING
inline constexpr uint8_t kEndHeaders = 4;

struct FrameHeader {
  uint32_t length = 0;  // of the payload
  FrameType type{};     // may be unknown
  uint8_t flags = 0;
  uint32_t stream = 0;

  bool has(uint8_t flag) const { return (flags & flag) != 0; }
};

class FrameScanner {
 public:
  // `skip` bytes stand before the first frame: the client's preface.
  explicit FrameScanner(size_t skip) : left_(skip) {}

  // Takes bytes from the front of `bytes` until a frame header is complete, which is then in header(), or they are
  // used up. -> a header is complete
  bool next(std::string_view& bytes);
  const FrameHeader& header() const { return header_; }
  // Part of a frame has come, and part of it has not.
  bool within_frame() const { return left_ > 0 || have_ > 0; }

 private:
  static constexpr size_t kHeaderBytes = 9;
  size_t left_;      // of the frame's payload
  size_t have_ = 0;  // of the next header
  unsigned char partial_[kHeaderBytes];
  FrameHeader header_;
};

}  // namespace fl::http::h2
