// What follows from a static configuration once it is read: entry points that are not written down, and mistakes that
// no single option shows. Pure; runs once at start.
#pragma once

#include <string>
#include <vector>

#include "config/issue.h"
#include "config/static/configuration.h"

namespace fl::config::statics {

// Without entry points there is `http` on :80; API, ping or metrics on the entry point `traefik` bring it to life on
// :8080. Source: Traefik, boot-time derivations.
void add_implied_entry_points(Configuration& configuration);

// The entry points of HTTP and TCP routers that name none: those with asDefault, or else all; never UDP ones, never
// `traefik`. Sorted by name.
std::vector<std::string> default_entry_points(const Configuration& configuration);

// Every mistake that the option table cannot see: addresses, names, values out of their set, references.
void validate(const Configuration& configuration, std::vector<Issue>& issues);

}  // namespace fl::config::statics
