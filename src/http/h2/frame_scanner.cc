#include "http/h2/frame_scanner.h"

#include <algorithm>
#include <cstring>

namespace fl::http::h2 {

bool FrameScanner::next(std::string_view& bytes) {
  const size_t skipped = std::min(left_, bytes.size());
  bytes.remove_prefix(skipped);
  left_ -= skipped;
  if (bytes.empty()) return false;
  const size_t n = std::min(kHeaderBytes - have_, bytes.size());
  std::memcpy(partial_ + have_, bytes.data(), n);
  bytes.remove_prefix(n);
  have_ += n;
  if (have_ < kHeaderBytes) return false;
  have_ = 0;
  const unsigned char* const p = partial_;
  header_.length = static_cast<uint32_t>(p[0] << 16 | p[1] << 8 | p[2]);
  header_.type = static_cast<FrameType>(p[3]);
  header_.flags = p[4];
  header_.stream = static_cast<uint32_t>(p[5] & 0x7f) << 24 | static_cast<uint32_t>(p[6] << 16 | p[7] << 8 | p[8]);
  left_ = header_.length;
  return true;
}

}  // namespace fl::http::h2
