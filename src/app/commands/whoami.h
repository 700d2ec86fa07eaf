// `fairlead whoami`: a small HTTP server that tells what reached it, answering as traefik/whoami does. For trying out
// routes and for tests. One thread of its own until a signal ends the process.
#pragma once

#include <span>

namespace fl::app {

// `arguments`: what stands after "whoami": --port (WHOAMI_PORT_NUMBER, 80), --name (WHOAMI_NAME) and
// --address (WHOAMI_ADDRESS, every one).
// -> exit code; 2 for wrong arguments. Does not return while it serves.
int run_whoami(std::span<const char* const> arguments);

}  // namespace fl::app
