// spdlog writes to stdout, RotatingFile to files; the lines are made here, because their form is Traefik's (zerolog's
// console and JSON forms).
#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/json.h"
#include "base/rotating_file.h"
#include "base/strings.h"
#include "base/time.h"

namespace fl::log {
namespace {

struct LevelName {
  std::string_view name;
  std::string_view tag;    // of the text form
  std::string_view color;  // ANSI
};
constexpr std::array<LevelName, 7> kLevels{{{"trace", "TRC", "\033[34m"},
                                            {"debug", "DBG", "\033[36m"},
                                            {"info", "INF", "\033[32m"},
                                            {"warn", "WRN", "\033[33m"},
                                            {"error", "ERR", "\033[1;31m"},
                                            {"fatal", "FTL", "\033[1;31m"},
                                            {"panic", "PNC", "\033[1;31m"}}};
constexpr std::string_view kDim = "\033[90m", kKey = "\033[36m", kReset = "\033[0m";

using Sink = std::shared_ptr<spdlog::sinks::sink>;

// Where the log goes now. Replaced as a whole, so that a line is written by one configuration only.
struct Output {
  Sink sink;                           // of stdout, when there is no file
  std::unique_ptr<RotatingFile> file;  // null: stdout
  bool json = false;
  bool color = false;
};

std::atomic<Level> threshold{Level::error};
std::mutex output_mutex;  // guards current_output()

std::shared_ptr<const Output> output_to_stdout(bool json, bool color) {
  Sink sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  sink->set_pattern("%v");
  return std::make_shared<const Output>(
      Output{.sink = std::move(sink), .file = nullptr, .json = json, .color = color && ::isatty(STDOUT_FILENO) != 0});
}

std::shared_ptr<const Output>& current_output() {
  static auto output = output_to_stdout(false, true);
  return output;
}

// Control characters must not reach a terminal or fake a second line.
void append_escaped(std::string& out, std::string_view s) {
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
}

std::string text_line(Level level, std::string_view time, std::string_view message, std::initializer_list<Field> fields,
                      bool color) {
  const LevelName& name = kLevels[static_cast<size_t>(level)];
  const auto paint = [color](std::string_view code) { return color ? code : std::string_view{}; };
  std::string line =
      fmt::format("{}{}{} {}{}{} ", paint(kDim), time, paint(kReset), paint(name.color), name.tag, paint(kReset));
  append_escaped(line, message);
  for (const auto& [key, value] : fields) {
    line += fmt::format(" {}{}={}", paint(kKey), key, paint(kReset));
    const bool plain = !value.empty() && value.find_first_of(" \"\\=") == value.npos;
    if (plain) {
      append_escaped(line, value);
    } else {
      json::append_quoted(line, value);
    }
  }
  return line;
}

std::string json_line(Level level, std::string_view time, std::string_view message,
                      std::initializer_list<Field> fields) {
  std::string line = fmt::format("{{\"level\":\"{}\"", kLevels[static_cast<size_t>(level)].name);
  const auto member = [&line](std::string_view key, std::string_view value) {
    line += ',';
    json::append_quoted(line, key);
    line += ':';
    json::append_quoted(line, value);
  };
  for (const auto& [key, value] : fields) member(key, value);
  member("time", time);
  member("message", message);
  return line + "}";
}

}  // namespace

Result<> configure(const Options& options) {
  std::shared_ptr<const Output> output;
  if (options.file_path.empty()) {
    output = output_to_stdout(options.json, options.color);
  } else {
    FL_TRY(auto file, RotatingFile::open({.path = options.file_path,
                                          .max_bytes = options.max_size_mb << 20,
                                          .max_backups = options.max_backups,
                                          .max_age = std::chrono::days(options.max_age_days),
                                          .compress = options.compress}));
    output = std::make_shared<const Output>(
        Output{.sink = nullptr, .file = std::move(file), .json = options.json, .color = false});
  }
  {
    const std::lock_guard lock(output_mutex);
    current_output() = std::move(output);
  }
  threshold = options.level;
  return {};
}

Result<Level> parse_level(std::string_view text) {
  for (size_t i = 0; i < kLevels.size(); ++i)
    if (iequals(text, kLevels[i].name)) return static_cast<Level>(i);
  return fail(Code::invalid,
              fmt::format("\"{}\" is not a log level (TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC)", text));
}

bool enabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const auto output = [] {
    const std::lock_guard lock(output_mutex);
    return current_output();
  }();
  const std::string time = format_rfc3339(std::chrono::floor<std::chrono::seconds>(system_clock().wall()));
  const std::string line =
      output->json ? json_line(level, time, message, fields) : text_line(level, time, message, fields, output->color);
  if (output->file != nullptr) return output->file->write(line + "\n");
  try {
    output->sink->log({"", spdlog::level::info, {line.data(), line.size()}});
    output->sink->flush();
  } catch (const std::exception&) {
    // A full disk must not stop the proxy, and there is nowhere left to say so.
  }
}

}  // namespace fl::log
