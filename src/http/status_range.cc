#include "http/status_range.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace fl::http {

Result<StatusRange> StatusRange::parse(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_uint(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_uint(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > 999)
    return fail(Code::invalid, fmt::format("\"{}\" is neither a status code nor a range such as 500-599", text));
  return StatusRange{static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
}

Result<std::vector<StatusRange>> parse_status_ranges(std::span<const std::string> texts) {
  std::vector<StatusRange> ranges;
  for (const std::string& text : texts) {
    FL_TRY(const StatusRange range, StatusRange::parse(text));
    ranges.push_back(range);
  }
  return ranges;
}

}  // namespace fl::http
