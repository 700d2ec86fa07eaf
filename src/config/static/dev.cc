#include "config/static/dev.h"

#include "config/schema.h"

namespace fl::config::statics {

void describe(Fields<Dev>& f) {
  f("data", &Dev::data, "directory of the whole stack's state; a second start with it resumes", kFairleadOnly);
  f("address", &Dev::address, "where the ECS API listens: what AWS_ENDPOINT_URL names", kFairleadOnly);
  f("web", &Dev::web, "where the proxy's entry point \"web\" listens", kFairleadOnly);
  f("dashboard", &Dev::dashboard, "where the proxy's API, dashboard and ping listen", kFairleadOnly);
  f("region", &Dev::region, "region that the agent registers in and the proxy follows", kFairleadOnly);
  f("cluster", &Dev::cluster, "cluster that the agent joins", kFairleadOnly);
  f("engine", &Dev::engine, "what runs containers: auto, docker, podman or process", kFairleadOnly);
  f("log-level", &Dev::log_level, "DEBUG, INFO, WARN or ERROR", kFairleadOnly);
}

}  // namespace fl::config::statics
