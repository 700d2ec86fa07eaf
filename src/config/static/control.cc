#include "config/static/control.h"

#include "config/schema.h"

namespace fl::config::statics {

void describe(Fields<Control>& f) {
  f("address", &Control::address, "where the API listens, HOST:PORT; :PORT is every address", kFairleadOnly);
  f("data", &Control::data, "directory of the state; made when it is not there", kFairleadOnly);
  f("account-id", &Control::account_id, "account of callers that the keys file gives none, 12 digits", kFairleadOnly);
  f("region", &Control::region, "region of requests that name none; every region a request names is served",
    kFairleadOnly);
  f("auth", &Control::auth,
    "any: every signature is taken, on loopback only; keys: signatures are checked against the keys file",
    kFairleadOnly);
  f("keys", &Control::keys, "file of access keys, read with --auth=keys and again on SIGHUP", kFairleadOnly);
  f("endpoint", &Control::endpoint, "URL under which agents reach this API; empty: http:// and the address",
    kFairleadOnly);
  f("strict", &Control::strict, "refuse also what Amazon ECS refuses and fairlead can do", kFairleadOnly);
  f("lost-after", &Control::lost_after,
    "how long an agent may be away before the tasks of services there are replaced; 0, and with strict: for ever",
    kFairleadOnly);
  f("drain-delay", &Control::drain_delay,
    "how long a task that is to stop goes on running while a proxy watches, so that it hears of it first: longer than "
    "the proxy's providersThrottleDuration",
    kFairleadOnly);
  f("log-level", &Control::log_level, "DEBUG, INFO, WARN or ERROR", kFairleadOnly);
}

}  // namespace fl::config::statics
