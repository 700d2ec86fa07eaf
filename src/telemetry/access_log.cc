#include "telemetry/access_log.h"

#include <system_error>

#include "base/log.h"

namespace fl::telemetry {
namespace {

constexpr size_t kFlushSize = 32 << 10;
constexpr size_t kMaxPending = 1 << 20;
constexpr Duration kMaxDelay = 10ms;
constexpr Duration kBetweenComplaints = 1min;

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(net::Loop& loop, AccessLogOptions options, RequestCounter& counter) {
  FL_TRY(LogFile file, LogFile::open(options.file_path));
  return std::unique_ptr<AccessLog>(new AccessLog(loop, std::move(options), counter, std::move(file)));
}

AccessLog::AccessLog(net::Loop& loop, AccessLogOptions options, RequestCounter& counter, LogFile file)
    : loop_(loop), counter_(counter), line_(std::move(options)), file_(std::move(file)), timer_(*this) {
  buffer_.reserve(2 * kFlushSize);
}

AccessLog::~AccessLog() { flush(); }

void AccessLog::write(const RequestRecord& record) {
  if (!record.log || (record.internal && !line_.options().add_internals)) return;
  const uint64_t number = counter_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (!line_.keeps(record)) return;
  if (buffer_.size() >= kMaxPending) {
    ++dropped_;
    return;
  }
  line_.append(buffer_, record, number);
  if (buffer_.size() >= kFlushSize && error_ == 0) flush();
  if (!buffer_.empty() && !timer_.armed()) loop_.timers().set(timer_, loop_.now() + kMaxDelay);
}

void AccessLog::flush() {
  if (buffer_.empty()) return;
  const ssize_t n = file_.write(buffer_);
  error_ = n < 0 ? static_cast<int>(-n) : 0;
  if (n > 0) buffer_.erase(0, static_cast<size_t>(n));
}

void AccessLog::on_timer() {
  flush();
  if (buffer_.empty()) return;
  loop_.timers().set(timer_, loop_.now() + kMaxDelay);
  complain();
}

void AccessLog::complain() {
  if (error_ == 0 || loop_.now() < quiet_until_) return;
  quiet_until_ = loop_.now() + kBetweenComplaints;
  log::error("access log: writing to {}: {}; {} lines dropped so far", file_.name(),
             std::generic_category().message(error_), dropped_);
}

void AccessLog::reopen() {
  flush();
  if (const auto reopened = file_.reopen(); !reopened)
    log::error("{}; going on with the old file", reopened.error().message);
}

}  // namespace fl::telemetry
