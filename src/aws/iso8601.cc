#include "aws/iso8601.h"

#include <fmt/format.h>

#include <optional>

#include "base/strings.h"

namespace fl::aws {
namespace {

// Eats a number of exactly `digits` digits.
std::optional<int> take_digits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// Digits after the point, as nanoseconds; what is finer is dropped.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  int64_t ns = 0, unit = 100'000'000;
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), unit /= 10) ns += (text[0] - '0') * unit;
  return std::chrono::nanoseconds(ns);
}

// "Z", "+hh:mm" or "-hh:mm" to the end, as minutes east of UTC.
std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (text == "Z") return std::chrono::minutes(0);
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
  return std::chrono::minutes((west ? -1 : 1) * (*hours * 60 + *minutes));
}

std::optional<WallTime> read(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, 'T')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  std::optional fraction = std::chrono::nanoseconds(0);
  if (take(text, '.')) fraction = take_fraction(text);
  const auto zone = take_zone(text);
  if (!fraction || !zone) return std::nullopt;

  using namespace std::chrono;
  const year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  // Nanoseconds since 1970 end in 2262.
  if (!date.ok() || *year < 1970 || *year > 2261 || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return WallTime(sys_days(date).time_since_epoch() + hours(*hour) + minutes(*minute) + seconds(*second)) + *fraction -
         *zone;
}

}  // namespace

Result<WallTime> parse_iso8601(std::string_view text) {
  const auto time = read(text);
  if (!time) return fail(Code::invalid, fmt::format("\"{}\" is not a time like 2026-11-21T07:44:00Z", text));
  return *time;
}

Result<WallTime> parse_iso8601_basic(std::string_view text) {
  if (text.size() != 16) return fail(Code::invalid, "a time is written 20261121T074400Z");
  const auto part = [&text](size_t at, size_t size) { return text.substr(at, size); };
  return parse_iso8601(
      fmt::format("{}-{}-{}{}:{}:{}", part(0, 4), part(4, 2), part(6, 2), part(8, 3), part(11, 2), part(13, 3)));
}

}  // namespace fl::aws
