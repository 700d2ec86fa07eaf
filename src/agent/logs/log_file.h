// A container's output on disk: lines in the form of Kubernetes' CRI, "2026-11-27T23:00:00.123456789Z stdout F text",
// where P marks a piece of a line that goes on. Bounded: a full file becomes FILE.1, FILE.1 becomes FILE.2 and the
// oldest goes. Used by the one process that captures the output; blocking.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fl::agent::logs {

struct LogLimits {
  uint64_t max_file_bytes = 10 << 20;
  int max_files = 2;  // with the one being written
};

class LogFile {
 public:
  // Appends to what is there. Errors: the file cannot be opened.
  static Result<LogFile> open(std::string path, LogLimits limits);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile();

  // One line without its end; `is_whole` false: its rest follows. A disk that is full loses lines, and goes on when
  // there is room again.
  void write(WallTime at, std::string_view stream, std::string_view line, bool is_whole);
  // The same with a time in the text form above.
  void write_at(std::string_view time, std::string_view stream, std::string_view line, bool is_whole);

 private:
  LogFile(std::string path, LogLimits limits) : path_(std::move(path)), limits_(limits) {}
  Result<> reopen();
  void rotate();

  std::string path_;
  LogLimits limits_;
  int fd_ = -1;
  uint64_t size_ = 0;
  std::string line_;
};

// Cuts a stream of bytes into lines; what is longer than kMaxLine comes in pieces.
class LineCutter {
 public:
  static constexpr size_t kMaxLine = 16 << 10;

  template <class F>  // void(std::string_view line, bool is_whole)
  void add(std::string_view bytes, F f) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      const size_t n = std::min(end == bytes.npos ? bytes.size() : end, kMaxLine - rest_.size());
      rest_ += bytes.substr(0, n);
      bytes.remove_prefix(n);
      if (!bytes.empty() && bytes.front() == '\n') {
        bytes.remove_prefix(1);
        f(rest_, true);
      } else if (rest_.size() == kMaxLine) {
        f(rest_, false);
      } else {
        return;
      }
      rest_.clear();
    }
  }
  template <class F>
  void finish(F f) {
    if (!rest_.empty()) f(rest_, true);
    rest_.clear();
  }

 private:
  std::string rest_;
};

}  // namespace fl::agent::logs
