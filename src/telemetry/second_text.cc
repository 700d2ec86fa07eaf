#include "telemetry/second_text.h"

#include <fmt/format.h>

#include <ctime>

namespace fl::telemetry {
namespace {

int64_t second_of(WallTime t) { return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count(); }

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <size_t N, class... Args>
uint8_t print(char (&out)[N], fmt::format_string<Args...> format, Args&&... args) {
  return static_cast<uint8_t>(fmt::format_to_n(out, N, format, std::forward<Args>(args)...).out - out);
}

}  // namespace

const SecondText::Entry& SecondText::at(int64_t second) {
  Entry& entry = entries_[static_cast<uint64_t>(second) % entries_.size()];
  if (entry.second == second) return entry;
  const std::time_t time = second;
  std::tm tm{};
  if (zone_ == Zone::local)
    ::localtime_r(&time, &tm);
  else
    ::gmtime_r(&time, &tm);
  const long minutes = std::abs(tm.tm_gmtoff) / 60;
  const char sign = tm.tm_gmtoff < 0 ? '-' : '+';
  const int year = tm.tm_year + 1900;
  entry.second = second;
  entry.clf_size = print(entry.clf, "{:02}/{}/{:04}:{:02}:{:02}:{:02} {}{:02}{:02}", tm.tm_mday,
                         kMonths[static_cast<size_t>(tm.tm_mon)], year, tm.tm_hour, tm.tm_min, tm.tm_sec, sign,
                         minutes / 60, minutes % 60);
  entry.date_time_size = print(entry.date_time, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, tm.tm_mon + 1, tm.tm_mday,
                               tm.tm_hour, tm.tm_min, tm.tm_sec);
  entry.zone_size =
      minutes == 0 ? print(entry.zone, "Z") : print(entry.zone, "{}{:02}:{:02}", sign, minutes / 60, minutes % 60);
  return entry;
}

std::string_view SecondText::clf(WallTime t) {
  const Entry& entry = at(second_of(t));
  return {entry.clf, entry.clf_size};
}

void SecondText::append_rfc3339(std::string& out, WallTime t) {
  const Entry& entry = at(second_of(t));
  out.append(entry.date_time, entry.date_time_size).append(entry.zone, entry.zone_size);
}

void SecondText::append_rfc3339_nano(std::string& out, WallTime t) {
  const int64_t second = second_of(t);
  const Entry& entry = at(second);
  out.append(entry.date_time, entry.date_time_size);
  if (auto nanos = (t.time_since_epoch() - std::chrono::seconds(second)).count(); nanos != 0) {
    char digits[10] = ".";
    for (size_t i = 9; i >= 1; --i, nanos /= 10) digits[i] = static_cast<char>('0' + nanos % 10);
    const std::string_view text(digits, sizeof digits);
    out += text.substr(0, text.find_last_not_of('0') + 1);
  }
  out.append(entry.zone, entry.zone_size);
}

}  // namespace fl::telemetry
