// The framing of a container's two outputs on one connection (Docker Engine API, "Attach: stream format"): an 8-byte
// header {stream, 0, 0, 0, size big-endian}, then that many bytes. Pure; one a connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fl::docker {

class LogStream {
 public:
  enum class Event : uint8_t { none, data, failed };

  // Reads from the front of `bytes`, which then begins behind what was read. `data`: stream() and data() say what came;
  // a frame may come in several pieces. `none`: all was read. After `failed` nothing more is read: no such stream.
  Event next(std::string_view& bytes);

  uint8_t stream() const { return header_[0]; }    // 0 stdin, 1 stdout, 2 stderr
  std::string_view data() const { return data_; }  // valid until the bytes given to next() go
  // Between two frames, where an end is no surprise.
  bool is_between_frames() const { return header_read_ == 0 && left_ == 0; }

 private:
  uint8_t header_[8] = {};
  size_t header_read_ = 0;
  uint32_t left_ = 0;
  bool failed_ = false;
  std::string_view data_;
};

}  // namespace fl::docker
