#include "base/time.h"

#include <fmt/format.h>
#include <time.h>

#include <array>
#include <cmath>
#include <optional>

#include "base/strings.h"

namespace fl {
namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

std::tm utc(WallTime t) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Nanoseconds in one unit of Go's duration text; 0 for an unknown unit.
uint64_t unit_nanoseconds(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\u00b5s" || unit == "\u03bcs") return 1'000;
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  return 0;
}

std::string_view take_digits(std::string_view& rest) {
  size_t n = 0;
  while (n < rest.size() && is_digit(rest[n])) ++n;
  const std::string_view digits = rest.substr(0, n);
  rest.remove_prefix(n);
  return digits;
}

// One term of a duration, such as "1.5h", off the front of `rest`. Whole units are exact, as in Go.
std::optional<uint64_t> take_term(std::string_view& rest) {
  constexpr uint64_t kMax = uint64_t{1} << 63;
  const std::string_view whole = take_digits(rest);
  std::string_view fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  size_t end = 0;
  while (end < rest.size() && !is_digit(rest[end]) && rest[end] != '.') ++end;
  const uint64_t unit = unit_nanoseconds(rest.substr(0, end));
  rest.remove_prefix(end);
  const auto count = whole.empty() ? 0 : parse_uint(whole);
  if (unit == 0 || !count || *count > kMax / unit) return std::nullopt;
  double part = 0, scale = static_cast<double>(unit);
  for (const char c : fraction) part += (c - '0') * (scale /= 10);
  const uint64_t term = *count * unit + static_cast<uint64_t>(std::llround(part));
  return term <= kMax ? std::optional(term) : std::nullopt;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::invalid,
                fmt::format("\"{}\" is not a duration (examples: 10 = ten seconds, 1m30s, 100ms)", text));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest.empty()) return bad();
  uint64_t total = 0;
  const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  if (const auto seconds = parse_uint(rest)) {
    if (*seconds > limit / 1'000'000'000) return bad();
    total = *seconds * 1'000'000'000;
    rest = {};
  }
  while (!rest.empty()) {
    const auto term = take_term(rest);
    if (!term || *term > limit - total) return bad();
    total += *term;
  }
  return Duration(static_cast<int64_t>(negative ? 0 - total : total));
}

std::string format_duration(Duration d) {
  int64_t ns = d.count();
  if (ns == 0) return "0s";
  const bool negative = ns < 0;
  const uint64_t abs = negative ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  const auto fraction = [](uint64_t whole, uint64_t part, int digits) {
    std::string text = fmt::format("{}.{:0{}}", whole, part, digits);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  };
  std::string out;
  if (abs < 1'000) {
    out = fmt::format("{}ns", abs);
  } else if (abs < 1'000'000) {
    out = fraction(abs / 1'000, abs % 1'000, 3) + "\u00b5s";
  } else if (abs < 1'000'000'000) {
    out = fraction(abs / 1'000'000, abs % 1'000'000, 6) + "ms";
  } else {
    const uint64_t seconds = abs / 1'000'000'000;
    if (seconds >= 3600) out += fmt::format("{}h", seconds / 3600);
    if (seconds >= 60) out += fmt::format("{}m", seconds / 60 % 60);
    out += fraction(seconds % 60, abs % 1'000'000'000, 9) + "s";
  }
  return negative ? "-" + out : out;
}

std::string format_rfc3339(WallTime t) {
  const std::tm p = utc(t);
  const int64_t ns = (t.time_since_epoch() - std::chrono::floor<std::chrono::seconds>(t).time_since_epoch()).count();
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", p.tm_year + 1900, p.tm_mon + 1, p.tm_mday,
                                p.tm_hour, p.tm_min, p.tm_sec);
  if (ns != 0) {
    std::string part = fmt::format(".{:09}", ns);
    while (part.back() == '0') part.pop_back();
    out += part;
  }
  return out + "Z";
}

std::string format_iso8601_basic(WallTime t) {
  const std::tm p = utc(t);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", p.tm_year + 1900, p.tm_mon + 1, p.tm_mday, p.tm_hour, p.tm_min,
                     p.tm_sec);
}

std::string format_http_date(WallTime t) {
  const std::tm p = utc(t);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<size_t>(p.tm_wday)], p.tm_mday,
                     kMonths[static_cast<size_t>(p.tm_mon)], p.tm_year + 1900, p.tm_hour, p.tm_min, p.tm_sec);
}

Result<WallTime> parse_http_date(std::string_view text) {
  std::tm p{};
  const std::string copy(text);
  if (::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &p) != nullptr) {
    const std::chrono::seconds seconds(::timegm(&p));
    // WallTime ends in 2262. strptime forgives spaces, letter case and a 31 February; the grammar does not.
    if (abs(seconds) < std::chrono::floor<std::chrono::seconds>(Duration::max()) &&
        format_http_date(WallTime(seconds)) == text)
      return WallTime(seconds);
  }
  return fail(Code::invalid, fmt::format("\"{}\" is not an HTTP date", text));
}

}  // namespace fl
