// What host names are aliases of, by their CNAMEs, on the loop. For names that strangers send: answers and questions
// are bounded, and nobody waits longer than he wants. One loop; must outlive those who wait.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "net/loop.h"
#include "net/task.h"

namespace fl::net {

struct AliasOptions {
  std::string resolv_conf;  // the file that names the name servers; empty: the system's
  uint16_t port = 0;        // that they answer on; 0: 53
  size_t depth = 5;         // so many CNAMEs are followed at most
};

class AliasResolver {
 public:
  explicit AliasResolver(Loop& loop, const AliasOptions& options = {});
  ~AliasResolver();
  AliasResolver(const AliasResolver&) = delete;
  AliasResolver& operator=(const AliasResolver&) = delete;

  // The name at the end of the chain, in lower case; empty when `host` is no alias, cannot be asked for, or nobody has
  // said by the deadline (the answer is then known to whoever asks later). Kept for the records' time to live, at most
  // half an hour.
  Task<std::string> alias_of(std::string host, TimePoint deadline);
  // Without waiting: null when it is not known yet. Valid until the next call.
  const std::string* known(std::string_view host) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fl::net
