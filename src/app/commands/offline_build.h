// What a configuration would do, without starting anything: files are read and the snapshot built exactly as the
// running proxy does it, no socket is opened and no service asked. For `check` and `explain`. One thread, one command.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/wiring/wire.h"
#include "config/load_static.h"
#include "config/static/providers.h"
#include "proxy/snapshot_builder.h"

namespace fl::app {

// The static configuration in `file`, as `fairlead --configFile=file` would load it.
config::LoadedStatic load_static_file(const std::string& file);

struct OfflineBuild {
  std::vector<config::Issue> issues;  // of the dynamic files; names of objects are qualified: "web@file"
  std::vector<std::string> files;     // that were read
  proxy::BuildResult built;
};

// `dynamic`: what the file provider reads; without it there are only the routers that the static configuration makes.
// Both lists are in the order of the snapshot's.
struct EntryPointNames {
  std::vector<std::string> tcp, udp;
};
OfflineBuild build_offline(const config::LoadedStatic& loaded,
                           const std::optional<config::statics::FileProvider>& dynamic, EntryPointNames entry_points);
EntryPointNames names_of(const std::vector<EntryPointWiring>& entry_points);

}  // namespace fl::app
