// A log file that is put aside when it is full: app.log becomes app-2026-11-28T00-44-00.123.log, optionally .gz, and
// old ones are removed by number and age (Traefik: lumberjack). Any thread, one write at a time; compressing has a
// thread of its own, for it takes seconds.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "base/time.h"

namespace fl {

class RotatingFile {
 public:
  struct Options {
    std::string path;
    size_t max_bytes = 0;    // put aside before it gets larger; 0: never
    size_t max_backups = 0;  // files put aside to keep; 0: all
    Duration max_age{};      // remove those put aside longer ago; 0: never
    bool compress = false;
  };

  // Goes on behind what is there; missing folders are made. Errors: the file cannot be opened.
  static Result<std::unique_ptr<RotatingFile>> open(Options options, const Clock& clock = system_clock());
  ~RotatingFile();  // waits for the compressing
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  // One line with its end. What cannot be written (a full disk) is lost.
  void write(std::string_view line);

 private:
  RotatingFile(Options options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  Result<> open_file();
  void put_aside();
  void tidy_up();  // on the thread

  const Options options_;
  const Clock& clock_;
  std::mutex mutex_;
  int fd_ = -1;
  size_t size_ = 0;
  std::thread tidying_;
};

}  // namespace fl
