#include "docker/log_stream.h"

#include <algorithm>

namespace fl::docker {

LogStream::Event LogStream::next(std::string_view& bytes) {
  while (!failed_ && !bytes.empty()) {
    if (left_ > 0) {
      data_ = bytes.substr(0, left_);
      bytes.remove_prefix(data_.size());
      left_ -= static_cast<uint32_t>(data_.size());
      return Event::data;
    }
    header_[header_read_++] = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (header_read_ < sizeof header_) continue;
    header_read_ = 0;
    if (header_[0] > 2 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
      failed_ = true;
      bytes = {};
      return Event::failed;
    }
    for (size_t i = 4; i < 8; ++i) left_ = left_ << 8 | header_[i];
  }
  if (failed_) bytes = {};
  return Event::none;
}

}  // namespace fl::docker
