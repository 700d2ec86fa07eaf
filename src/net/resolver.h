// Host names to addresses by c-ares, on the loop, with a small cache that obeys the record's time to live (1 s to
// 60 s). /etc/hosts and literal addresses are answered too. One per loop; never blocks.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/task.h"

namespace fl::net {

class Resolver {
 public:
  explicit Resolver(Loop& loop);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The addresses of a name, IPv4 first; never empty on success. Of several, each call begins with another one, so
  // that connections spread over them. Concurrent questions for one name share an answer.
  // Errors: not_found (no such name), unavailable (no server answers).
  Task<Result<std::vector<IpAddress>>> resolve(std::string_view host);

  // Without waiting: the address of a literal, or of a name the cache still knows. Valid until the next call.
  const std::vector<IpAddress>* cached(std::string_view host);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fl::net
