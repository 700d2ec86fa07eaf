// What the proxy keeps with an exchange while it passes through: the snapshot it started with, what was chosen for it,
// and when. Lives in the exchange's arena; worker thread.
#pragma once

#include "http/exchange.h"
#include "proxy/worker.h"
#include "telemetry/request_record.h"

namespace fl::proxy {

class Transaction final : public http::Attachment {
 public:
  Transaction(Worker& w, SnapshotPin& p) : worker(w), pin(p) { ++pin.users; }

  // Null when nobody asks.
  static telemetry::RequestRecord* record_of(const http::Exchange& exchange) {
    return exchange.attachment == nullptr ? nullptr : &of(exchange).record;
  }
  // Where a body that changes what the server sent counts it before the change; null when nobody asks.
  static uint64_t* origin_bytes_of(const http::Exchange& exchange) {
    telemetry::RequestRecord* const record = record_of(exchange);
    return record == nullptr ? nullptr : &record->origin_bytes;
  }
  static Transaction& of(const http::Exchange& exchange) { return static_cast<Transaction&>(*exchange.attachment); }

  void on_end(http::Exchange& exchange) noexcept override;
  // Lets go of what it holds of the worker's; once, and the last that is done.
  void leave() noexcept;

  // As much of the exchange's arena is to be a copy of its body. -> the worker has not too much of those
  bool keep_upload(uint64_t bytes);

  Worker& worker;
  SnapshotPin& pin;
  TimePoint start = worker.loop().now();
  telemetry::RequestRecord record;
  bool append_forwarded_for = true;  // not yet done, and wanted
  bool unsent = false;               // the last server was out of reach; the request may be sent again

 private:
  void complete_record(const http::Exchange& exchange);

  uint64_t kept_upload_bytes_ = 0;
};

}  // namespace fl::proxy
