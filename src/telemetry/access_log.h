// The access log of one worker: lines are formatted into its own buffer and written in one piece, when 32 KiB are
// there or 10 ms after the first of them. Lives as long as its worker; everything belongs to the worker's thread,
// except that it may be made and destroyed on another one while the loop does not run.
//
// A log that cannot be written never holds up a request: up to 1 MiB waits for better times, lines beyond that are
// dropped, and the program's own log says so once a minute.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "net/loop.h"
#include "telemetry/access_log_line.h"
#include "telemetry/log_file.h"

namespace fl::telemetry {

// Requests since the start of the process; one for all workers.
using RequestCounter = std::atomic<uint64_t>;

class AccessLog {
 public:
  // `counter` outlives the log. Errors: the file cannot be opened.
  static Result<std::unique_ptr<AccessLog>> open(net::Loop& loop, AccessLogOptions options, RequestCounter& counter);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void write(const RequestRecord& record);
  // Hands over what is buffered, as far as it can be written now.
  void flush();
  // SIGUSR1: what is buffered goes to the old file, what follows to a new one of that name.
  void reopen();

  uint64_t dropped_lines() const { return dropped_; }

 private:
  AccessLog(net::Loop& loop, AccessLogOptions options, RequestCounter& counter, LogFile file);
  void on_timer();
  void complain();

  struct FlushTimer : net::Timer {
    AccessLog& log;
    explicit FlushTimer(AccessLog& l)
        : Timer([](Timer& timer) { static_cast<FlushTimer&>(timer).log.on_timer(); }), log(l) {}
  };

  net::Loop& loop_;
  RequestCounter& counter_;
  AccessLogLine line_;
  LogFile file_;
  std::string buffer_;
  FlushTimer timer_;
  int error_ = 0;  // errno of the last flush; 0: all was written
  uint64_t dropped_ = 0;
  TimePoint quiet_until_{};
};

}  // namespace fl::telemetry
