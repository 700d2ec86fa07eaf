// fairlead's own log (not the access log): text or JSON lines to stdout or a file. Any thread. spdlog stays behind it.
// Use on the control path; the request path logs only failures of ours, behind enabled().
#pragma once

#include <fmt/core.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace fl::log {

enum class Level : uint8_t { trace, debug, info, warn, error, fatal, panic };

struct Options {
  Level level = Level::error;
  bool json = false;
  bool color = true;        // only ever used on a terminal
  std::string file_path;    // empty: stdout
  size_t max_size_mb = 0;   // rotate above this size; 0: never
  size_t max_backups = 0;   // rotated files to keep; 0: all
  size_t max_age_days = 0;  // remove rotated files that are older; 0: never
  bool compress = false;    // rotated files, with gzip
};

// A key and value beside the message, as Traefik's log has them: {"routerName", "web@file"}.
using Field = std::pair<std::string_view, std::string_view>;

// Replaces where and how the log is written. Errors: the file cannot be opened.
Result<> configure(const Options& options);
// TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC in any letter case.
Result<Level> parse_level(std::string_view text);
bool enabled(Level level);
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

template <class... Args>
void trace(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::trace)) write(Level::trace, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fl::log
