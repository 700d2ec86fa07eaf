#include "proxy/worker.h"

#include "proxy/forward/upstream.h"
#include "proxy/snapshot.h"

namespace fl::proxy {
namespace {
constexpr uint64_t kMostKeptUploadBytes = 16 << 20;
}  // namespace

Worker::Worker(net::Loop& loop) : loop_(loop), resolver_(loop) {
  pins_.push_back(std::make_unique<SnapshotPin>(std::make_shared<const Snapshot>()));
}

Worker::~Worker() = default;

void Worker::publish(std::shared_ptr<const Snapshot> snapshot) {
  if (pins_.back()->users == 0) {
    release(std::move(pins_.back()->snapshot));
    pins_.pop_back();
  }
  pins_.push_back(std::make_unique<SnapshotPin>(std::move(snapshot)));
}

void Worker::drop(SnapshotPin& pin) {
  release(std::move(pin.snapshot));
  std::erase_if(pins_, [&pin](const auto& p) { return p.get() == &pin; });
}

bool Worker::keep_upload(uint64_t bytes) {
  if (kept_upload_bytes_ + bytes > kMostKeptUploadBytes) return false;
  kept_upload_bytes_ += bytes;
  return true;
}

Upstream& Worker::upstream(const std::shared_ptr<const UpstreamSpec>& spec) {
  const uint32_t slot = spec->slot.number();
  if (slot >= upstreams_.size()) upstreams_.resize(slot + 1);
  if (upstreams_[slot] == nullptr) upstreams_[slot] = std::make_unique<Upstream>(*this, *spec);
  return *upstreams_[slot];
}

TurnLease& Worker::lease(uint32_t slot) {
  if (slot >= leases_.size()) leases_.resize(slot + 1);
  return leases_[slot];
}

void Worker::retire_upstream(uint32_t slot) {
  if (slot < upstreams_.size()) upstreams_[slot].reset();
}

void Worker::retire_lease(uint32_t slot) {
  if (slot < leases_.size()) leases_[slot] = {};
}

void Worker::close_upstreams() {
  for (auto& upstream : upstreams_)
    if (upstream != nullptr) upstream->close();
}

}  // namespace fl::proxy
