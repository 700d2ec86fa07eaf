#include "control/schedule/query_date.h"

#include <chrono>

#include "base/strings.h"

namespace fl::control::schedule {
namespace {

// Takes `separator` and a number of exactly `digits` digits between low and high off the front.
std::optional<int> take_number(std::string_view& text, std::string_view separator, size_t digits, int low, int high) {
  if (!text.starts_with(separator) || text.size() < separator.size() + digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(separator.size(), digits)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value < low || value > high) return std::nullopt;
  text.remove_prefix(separator.size() + digits);
  return value;
}

}  // namespace

std::optional<int64_t> parse_query_date(std::string_view text) {
  const auto year = take_number(text, "", 4, 1970, 9999);
  if (!year) return std::nullopt;
  const auto month = take_number(text, "-", 2, 1, 12);
  const auto day = month ? take_number(text, "-", 2, 1, 31) : std::nullopt;
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  int64_t seconds = int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400;
  if (text.empty()) return seconds;

  const auto hour = take_number(text, "T", 2, 0, 23);
  const auto minute = hour ? take_number(text, ":", 2, 0, 59) : std::nullopt;
  if (!minute) return std::nullopt;
  seconds += *hour * 3600 + *minute * 60;
  if (text.empty()) return seconds;

  const auto second = take_number(text, ":", 2, 0, 59);
  if (!second) return std::nullopt;
  seconds += *second;
  if (text.empty() || text == "Z") return seconds;

  const int sign = text[0] == '+' ? 1 : -1;
  const auto zone_hour = take_number(text, sign > 0 ? "+" : "-", 2, 0, 23);
  const auto zone_minute = zone_hour ? take_number(text, ":", 2, 0, 59) : std::nullopt;
  if (!zone_minute || !text.empty()) return std::nullopt;
  return seconds - sign * (*zone_hour * 3600 + *zone_minute * 60);
}

}  // namespace fl::control::schedule
