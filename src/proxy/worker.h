// The state of one worker thread: its loop, the snapshot it serves, its connections to upstreams, its balancers and
// its counters. Nothing in it is shared with another thread; others reach it by loop().post().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "net/loop.h"
#include "net/resolver.h"
#include "proxy/detached_requests.h"
#include "proxy/service/turns.h"
#include "telemetry/request_record.h"

namespace fl::proxy {

struct Snapshot;
struct UpstreamSpec;
class Upstream;

// A snapshot in use on this worker, counted here instead of in the shared_ptr: requests touch no shared cache line.
struct SnapshotPin {
  std::shared_ptr<const Snapshot> snapshot;
  uint64_t users = 0;
};

class Worker {
 public:
  // Called for each finished request, on the worker's thread.
  using OnRecord = std::move_only_function<void(const telemetry::RequestRecord&)>;
  // Takes what this worker has done with, to let go of it elsewhere: taking 10,000 routers apart takes milliseconds.
  using Release = std::move_only_function<void(std::shared_ptr<const Snapshot>)>;

  explicit Worker(net::Loop& loop);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  net::Loop& loop() { return loop_; }
  net::Resolver& resolver() { return resolver_; }

  // Requests that begin from now on use `snapshot`.
  void publish(std::shared_ptr<const Snapshot> snapshot);
  SnapshotPin& current() { return *pins_.back(); }
  // A request that used the pin has ended.
  void unpin(SnapshotPin& pin) {
    if (--pin.users == 0 && &pin != pins_.back().get()) drop(pin);
  }

  // There is no memory for new requests.
  bool refuses() const { return refuses_; }
  void set_refuses(bool refuses) { refuses_ = refuses; }

  // Memory for copies of uploads, of all requests under way. -> there may be as much more
  bool keep_upload(uint64_t bytes);
  void forget_uploads(uint64_t bytes) { kept_upload_bytes_ -= bytes; }

  DetachedRequests& detached_requests() { return detached_requests_; }
  // Connections to a server, made on first use.
  Upstream& upstream(const std::shared_ptr<const UpstreamSpec>& spec);
  // This worker's turns of a balancer, by its slot.
  TurnLease& lease(uint32_t slot);
  void retire_upstream(uint32_t slot);
  void retire_lease(uint32_t slot);
  // Closes connections to servers, which takes some turns of the loop; for a clean end.
  void close_upstreams();

  void set_release(Release f) { release_ = std::move(f); }
  void set_on_record(OnRecord f) { on_record_ = std::move(f); }
  // Else record() must not be called.
  bool wants_records() const { return static_cast<bool>(on_record_); }
  void record(const telemetry::RequestRecord& record) { on_record_(record); }

 private:
  void drop(SnapshotPin& pin);
  void release(std::shared_ptr<const Snapshot> snapshot) {
    if (release_) release_(std::move(snapshot));
  }

  net::Loop& loop_;
  net::Resolver resolver_;
  bool refuses_ = false;
  uint64_t kept_upload_bytes_ = 0;
  std::vector<std::unique_ptr<SnapshotPin>> pins_;    // the last one is current; older ones still have requests
  std::vector<std::unique_ptr<Upstream>> upstreams_;  // by slot
  std::vector<TurnLease> leases_;                     // by slot
  DetachedRequests detached_requests_;
  OnRecord on_record_;
  Release release_;
};

}  // namespace fl::proxy
