// Which files a file provider reads, and which directories have to be watched so that no change of them is missed.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::providers::file {

// Regular files below `directory`: depth first, each directory's entries by name; .toml, .yaml and .yml; names that
// begin with a dot are left out, symbolic links to directories too. Source: Traefik, file provider.
// Errors: the directory itself cannot be read; what cannot be read below it is left out.
Result<std::vector<std::string>> files_below(const std::string& directory);

// Directories to watch, each with the entries in it that matter; no names: all of them.
struct Watched {
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> directories;

  // Every directory on the way to `path`, with the one entry that leads on, through all symbolic links: whatever step
  // is replaced (Kubernetes swaps the link ..data), missing or made later, a watched directory sees it.
  void add_path(const std::string& path);
  // The way to `directory`, and everything in it and below.
  void add_tree(const std::string& directory);
};

}  // namespace fl::providers::file
