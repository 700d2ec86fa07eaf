// The parts of all containers -> one provider's configuration. Pure. Source: Traefik, provider.Merge.
//
// A router, middleware or transport that several containers declare must be the same in all of them; services that are
// the same but for their servers become one with all servers. Otherwise the element is dropped for all and reported.
// Unlike Traefik, containers of one name and origin (replicas of an ECS service in the middle of a deployment) cannot
// contradict each other: the newest revision is believed, and the servers of all stay.
#pragma once

#include <span>
#include <vector>

#include "providers/container/constraints.h"
#include "providers/container/instance.h"
#include "providers/container/wiring.h"

namespace fl::providers::container {

struct BuildOptions {
  std::string_view provider;  // "ecs": there are no labels traefik.ecs.*
  const gotemplate::Template& default_rule;
  const Constraints& constraints;
  bool exposed_by_default = true;
};

// Leaves out containers that traefik.enable (or its absence) and the constraints do not let in, wires the others and
// merges them in the order of "<normalised name>-<id>".
Wired build(std::span<const Instance> instances, const BuildOptions& options);

}  // namespace fl::providers::container
