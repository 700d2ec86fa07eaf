// One container's labels and address -> its part of the configuration: server addresses filled in, and the routers and
// services that labels leave out made by the rules of "automatic wiring". Pure. Source: Traefik, Docker and ECS
// providers.
//
// Unlike Traefik, a mistake loses the one router or service it is in and not the container; it is reported by name.
#pragma once

#include <string>
#include <vector>

#include "config/dynamic/configuration.h"
#include "config/dynamic/read.h"
#include "providers/container/instance.h"
#include "providers/gotemplate/template.h"

namespace fl::providers::container {

struct Wired {
  config::dynamic::Configuration configuration;
  std::vector<config::dynamic::BrokenObject> broken;
  std::vector<config::Issue> issues;
};

// `default_rule` sees .Name (normalised) and .Labels.
Wired wire(const Instance& instance, const gotemplate::Template& default_rule);

}  // namespace fl::providers::container
