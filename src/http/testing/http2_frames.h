// HTTP/2 by hand, for tests: frames as bytes, and what came back as events. HPACK is written in its plainest form and
// read with nghttp2's decoder.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/h2/frame_scanner.h"

namespace fl::http::testing {

using h2::FrameHeader;
using h2::FrameScanner;
using h2::FrameType;
using h2::kAck;
using h2::kEndHeaders;
using h2::kEndStream;

using TestFields = std::vector<std::pair<std::string, std::string>>;

// RFC 9113 7
enum ErrorCode : uint32_t {
  kNoError = 0,
  kInternalError = 2,
  kRefusedStream = 7,
  kCancel = 8,
};

inline constexpr std::string_view kTestPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string number(uint64_t n, int bytes) {
  std::string out;
  for (int i = bytes; i-- > 0;) out += static_cast<char>(n >> (8 * i));
  return out;
}

inline std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return number(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) + number(stream, 4) +
         std::string(payload);
}
inline std::string frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return frame(static_cast<uint8_t>(type), flags, stream, payload);
}

// Literal, neither indexed nor Huffman-coded (RFC 7541 6.2.2).
inline std::string hpack(const TestFields& fields) {
  const auto text = [](std::string_view s) {
    std::string out;
    size_t n = s.size();
    if (n < 127) {
      out += static_cast<char>(n);
    } else {
      out += static_cast<char>(127);
      for (n -= 127; n >= 128; n /= 128) out += static_cast<char>(n % 128 + 128);
      out += static_cast<char>(n);
    }
    return out.append(s);
  };
  std::string out;
  for (const auto& [name, value] : fields) out.append(1, '\0').append(text(name)).append(text(value));
  return out;
}

inline TestFields request_fields(std::string method = "GET", std::string path = "/") {
  return {{":method", std::move(method)}, {":scheme", "http"}, {":path", std::move(path)}, {":authority", "h"}};
}

// What a peer has received, frame by frame.
class ReceivedFrames {
 public:
  struct StreamState {
    std::vector<TestFields> blocks;  // of fields, in order
    std::string data;
    bool ended = false;
    int64_t rst = -1;  // code
  };

  ReceivedFrames();
  ReceivedFrames(const ReceivedFrames&) = delete;
  ReceivedFrames& operator=(const ReceivedFrames&) = delete;
  ~ReceivedFrames();

  // Takes whole frames from the front of `bytes`.
  void take(std::string& bytes) {
    for (;;) {
      FrameScanner scanner(0);
      std::string_view rest = bytes;
      if (!scanner.next(rest) || rest.size() < scanner.header().length) return;
      on_frame(scanner.header(), rest.substr(0, scanner.header().length));
      bytes.erase(0, bytes.size() - rest.size() + scanner.header().length);
    }
  }

  // Of the last block that is not interim; 0 without.
  int status(uint32_t stream) {
    for (const TestFields& block : streams[stream].blocks)
      for (const auto& [name, value] : block)
        if (name == ":status" && value[0] != '1') return std::stoi(value);
    return 0;
  }
  std::string field(uint32_t stream, std::string_view name) {
    for (const TestFields& block : streams[stream].blocks)
      for (const auto& [n, value] : block)
        if (n == name) return value;
    return {};
  }

  std::map<uint32_t, StreamState> streams;
  std::vector<FrameHeader> frames;
  std::vector<std::pair<uint16_t, uint32_t>> settings;
  std::vector<std::pair<uint32_t, uint32_t>> goaways;  // last stream, code
  std::map<uint32_t, uint64_t> windows;                // increments
  int ping_acks = 0, settings_acks = 0, pings = 0;
  std::string last_ping;

 private:
  static uint32_t number_at(std::string_view s, size_t at, size_t bytes) {
    uint32_t n = 0;
    for (size_t i = 0; i < bytes; ++i) n = n << 8 | static_cast<unsigned char>(s[at + i]);
    return n;
  }

  void on_frame(const FrameHeader& header, std::string_view payload) {
    frames.push_back(header);
    StreamState& stream = streams[header.stream];
    switch (header.type) {
      case FrameType::data: stream.data += payload; break;
      case FrameType::headers:
      case FrameType::continuation:
        if (header.type == FrameType::headers) {
          block_.clear();
          block_ends_stream_ = header.has(kEndStream);
          if (header.has(0x20)) payload.remove_prefix(5);
        }
        block_ += payload;
        if (header.has(kEndHeaders)) {
          stream.blocks.push_back(inflate());
          stream.ended |= block_ends_stream_;
        }
        break;
      case FrameType::rst_stream: stream.rst = number_at(payload, 0, 4); break;
      case FrameType::settings:
        if (header.has(kAck)) ++settings_acks;
        for (size_t i = 0; i + 6 <= payload.size(); i += 6)
          settings.emplace_back(static_cast<uint16_t>(number_at(payload, i, 2)), number_at(payload, i + 2, 4));
        break;
      case FrameType::ping:
        header.has(kAck) ? ++ping_acks : ++pings;
        last_ping = payload;
        break;
      case FrameType::goaway: goaways.emplace_back(number_at(payload, 0, 4), number_at(payload, 4, 4)); break;
      case FrameType::window_update: windows[header.stream] += number_at(payload, 0, 4); break;
      default: break;
    }
    if (header.type == FrameType::data && header.has(kEndStream)) stream.ended = true;
  }

  struct Inflater;
  TestFields inflate();

  std::unique_ptr<Inflater> inflater_;
  std::string block_;
  bool block_ends_stream_ = false;
};

}  // namespace fl::http::testing
