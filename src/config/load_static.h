// The static configuration from the one source that supplies anything: a file, or else flags, or else the environment.
// Sources are never merged. Runs once at start, on the main thread; reads files, nothing else.
// Source: Traefik, static configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"
#include "config/issue.h"
#include "config/static/configuration.h"
#include "config/value.h"

namespace fl::config {

struct StaticInput {
  std::vector<std::string> arguments;  // without the program's name
  Map<std::string> environment;
  // Where to look for a file that no option names, without the ending; default_search_path() makes the usual one.
  std::vector<std::string> search_path;
};

struct LoadedStatic {
  statics::Configuration configuration;
  std::string source;                             // "file /etc/traefik/traefik.yml", "flags", "environment variables"
                                                  // or "defaults"
  std::vector<std::string> default_entry_points;  // of routers that name none
  std::vector<Issue> issues;                      // any error among them stops the start
  Document document;                              // as it was written, for place_of()

  // Where an option stands, or else the innermost group it belongs to: "traefik.yml:3:7", "flag --ping"; empty when
  // nothing of it is written.
  std::string place_of(std::string_view path) const;
};

// A file named by --configFile or FAIRLEAD_CONFIGFILE / TRAEFIK_CONFIGFILE comes first, then the search path, each
// entry tried with .toml, .yaml and .yml; once a file is found, flags and variables are ignored. Of two variables that
// name one option FAIRLEAD_ beats TRAEFIK_.
LoadedStatic load_static(const StaticInput& input);

// fairlead's places (/etc, $XDG_CONFIG_HOME, $HOME/.config, here), then Traefik's.
std::vector<std::string> default_search_path(const Map<std::string>& environment);

// The process's environment, as load_static takes it.
Map<std::string> process_environment();

}  // namespace fl::config
