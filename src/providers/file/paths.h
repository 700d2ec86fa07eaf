// Which files a file provider reads, and what has to be watched so that no change of them is missed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/file_watcher.h"

namespace fl::providers::file {

// Regular files below `directory`: depth first, each directory's entries by name; .toml, .yaml and .yml; names that
// begin with a dot are left out, symbolic links to directories too. Source: Traefik, file provider.
// Errors: the directory itself cannot be read; what cannot be read below it is left out.
Result<std::vector<std::string>> files_below(const std::string& directory);

// Has the way to `directory` watched, and everything in it and below.
void add_tree(const std::string& directory, net::Watched& watched);

}  // namespace fl::providers::file
