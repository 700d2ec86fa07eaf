// circuitBreaker: keeps requests from a service that fails (Traefik: CircuitBreaker).
//
//            expression holds                 fallbackDuration over
//   closed --------------------> open ---------------------------------> recovering
//      ^                          ^           expression holds              |  |
//      |                          +-----------------------------------------+  |
//      +----------------------------- recoveryDuration over -------------------+
//
// Open, every request is answered with responseCode. Recovering, a share of them passes that grows from none to half.
// The expression is a predicate.h of LatencyAtQuantileMS(percent), NetworkErrorRatio() and ResponseCodeRatio(from, to,
// of from, of to), looked at after an answer, once a checkPeriod at most; what was measured is forgotten when it opens.
// Each router that uses the middleware has a breaker of its own, for all workers together.
//
// Not as in Traefik: a latency ends with the head of the answer, so that clients who read slowly do not open it.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: an expression that cannot be read, a responseCode that is no status.
Result<HandlerPtr> make_circuit_breaker(const config::dynamic::CircuitBreaker& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
