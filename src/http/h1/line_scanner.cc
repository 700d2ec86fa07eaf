#include "http/h1/line_scanner.h"

#include <algorithm>

#include "http/h1/scan.h"

namespace fl::http::h1 {

LineScanner::Found LineScanner::next(std::string_view buffer, size_t limit, std::string_view& line) {
  const char* const data = buffer.data();
  const size_t usable = std::min(buffer.size(), limit);
  scanned_ = static_cast<size_t>(find_control(data + scanned_, data + usable) - data);
  line = {data + begin_, scanned_ - begin_};
  if (scanned_ == usable) return usable < buffer.size() ? Found::too_long : Found::incomplete;
  if (data[scanned_] == '\n') return Found::bare_line_feed;
  if (data[scanned_] != '\r') return Found::control;
  if (scanned_ + 1 == buffer.size()) return Found::incomplete;
  if (data[scanned_ + 1] != '\n') return Found::control;
  if (scanned_ + 2 > limit) return Found::too_long;
  begin_ = scanned_ += 2;
  return Found::line;
}

}  // namespace fl::http::h1
