// `fairlead explain --config FILE 'GET http://host/path'`: which router a request would meet and why no other one,
// decided by the code that decides for real requests, without sending anything.
#pragma once

#include <span>

namespace fl::app {

// [-H 'Name: value']... [--client IP] [--entrypoint NAME] [--json]. Without --entrypoint the one whose port is the
// URL's. -> 0 a router takes it, 1 none does or the configuration is wrong, 2 wrong arguments.
int run_explain(std::span<const char* const> arguments);

}  // namespace fl::app
