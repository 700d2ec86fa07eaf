// The request as it came to a handler that may have it handled more than once: what stands behind changes it. Lives in
// that handler's frame; worker thread.
#pragma once

#include "proxy/transaction.h"

namespace fl::proxy {

class RequestCheckpoint {
 public:
  explicit RequestCheckpoint(const http::Exchange& x)
      : head_(x.request), append_forwarded_for_(Transaction::of(x).append_forwarded_for) {}

  const http::RequestHead& head() const { return head_; }
  bool append_forwarded_for() const { return append_forwarded_for_; }
  // The request's body is the caller's business.
  void restore(http::Exchange& x) const {
    Transaction& transaction = Transaction::of(x);
    transaction.append_forwarded_for = append_forwarded_for_;
    transaction.unsent = false;
    x.request = head_;
  }

 private:
  const http::RequestHead head_;
  const bool append_forwarded_for_;
};

}  // namespace fl::proxy
