// Where an access log goes: a file, or stdout. One descriptor a worker, opened to append, so that workers need nothing
// of each other and reopening is each one's own business. Lines of several workers do not mix: a write of whole lines
// is one append to a file, and goes to a pipe in parts no larger than the kernel keeps together.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::telemetry {

class LogFile {
 public:
  // Empty path: stdout. Missing folders are made. Errors: the file cannot be opened.
  static Result<LogFile> open(std::string path);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  // Writes from the front of `lines`, without waiting for a reader. -> bytes written | -errno
  ssize_t write(std::string_view lines);
  // Opens the path anew, after somebody has moved the file away. Errors: as open(); the old file stays in use.
  Result<> reopen();

  std::string_view name() const { return path_.empty() ? std::string_view("stdout") : path_; }

 private:
  enum class Kind : uint8_t { file, pipe, socket };

  LogFile(std::string path, int fd);
  std::string_view next_part(std::string_view lines) const;

  std::string path_;
  int fd_;
  Kind kind_;
};

}  // namespace fl::telemetry
