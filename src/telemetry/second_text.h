// The text of a second, made once and kept: formatting calendars and time zones is too slow to be done for each
// request. One object a worker and zone.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace fl::telemetry {

class SecondText {
 public:
  enum class Zone : uint8_t { utc, local };  // local: as TZ or /etc/localtime say

  explicit SecondText(Zone zone) : zone_(zone) {}

  // "02/Jan/2006:15:04:05 -0700". Valid until the next call.
  std::string_view clf(WallTime t);
  // Appends Go's time.RFC3339, "2006-01-02T15:04:05+01:00" or ...Z, and its RFC3339Nano with the digits needed.
  void append_rfc3339(std::string& out, WallTime t);
  void append_rfc3339_nano(std::string& out, WallTime t);

 private:
  struct Entry {
    int64_t second = INT64_MIN;
    char clf[32];
    char date_time[32];
    char zone[8];  // "Z" or "+01:00"
    uint8_t clf_size, date_time_size, zone_size;
  };

  const Entry& at(int64_t second);

  Zone zone_;
  std::array<Entry, 8> entries_;  // requests end in another second than they began in
};

}  // namespace fl::telemetry
