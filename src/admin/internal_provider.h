// What the static configuration means in routers: API, dashboard, ping and metrics on their entry points, and the
// redirections of entry points. The configuration of the provider called `internal`; the services are handlers.
// Pure; main thread. Source: Traefik, internal provider.
#pragma once

#include <string_view>

#include "config/dynamic/configuration.h"
#include "config/static/configuration.h"

namespace fl::admin {

inline constexpr std::string_view kInternalProvider = "internal";

// Names are not qualified yet. A redirection to an entry point that does not exist is left out; validate() has said so.
config::dynamic::Configuration internal_configuration(const config::statics::Configuration& configuration);

}  // namespace fl::admin
