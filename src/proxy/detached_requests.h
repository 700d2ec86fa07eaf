// Requests that no client waits for: copies of a client's, for mirrors. They go through the same services as all
// others, with the snapshot of the request they copy; their answers are read and forgotten. What they may hold is
// limited: one too many is not made. Worker thread; part of the worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "net/task.h"

namespace fl::proxy {

class RequestCheckpoint;

class DetachedRequests {
 public:
  DetachedRequests();
  ~DetachedRequests();

  // Sends a copy of the request that `came` on `original`, with `body`, to `handler`, which the snapshot of `original`
  // keeps. -> false: too many are under way, or they hold too much
  bool start(const http::Exchange& original, const RequestCheckpoint& came, std::string_view body,
             const http::Handler& handler);
  // All end with errors in the turns that follow.
  void cancel();
  size_t active() const { return active_.size(); }

 private:
  class Request;
  net::Task<> run(Request& request, const http::Handler& handler);

  std::vector<std::unique_ptr<Request>> active_;
  uint64_t body_bytes_ = 0;  // that they hold
  net::TaskScope tasks_;
};

}  // namespace fl::proxy
