// By what rateLimit and inFlightReq tell their sources apart (Traefik: sourceCriterion). Immutable; any thread.
#pragma once

#include <optional>
#include <string>

#include "proxy/middleware/ip_strategy.h"

namespace fl::proxy::middleware {

class SourceCriterion {
 public:
  enum class Default : uint8_t { address, host };

  // Errors: more than one criterion, an address strategy that makes no sense.
  static Result<SourceCriterion> make(const std::optional<config::dynamic::SourceCriterion>& options,
                                      Default otherwise);

  // One text a source; requests without what is asked for share the empty one. In the exchange's arena.
  std::string_view source_of(http::Exchange& exchange) const;

 private:
  enum class Kind : uint8_t { address, header, host };
  Kind kind_ = Kind::address;
  std::string header_;
  IpStrategy strategy_;
};

}  // namespace fl::proxy::middleware
