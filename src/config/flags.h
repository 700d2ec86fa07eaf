// Where options come from besides the environment: the command line and files. Pure but for the reading; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/issue.h"
#include "config/schema.h"
#include "config/value.h"

namespace fl::config {

struct Flag {
  std::string name;  // without dashes
  std::string value;
};

// -n=v, --n=v, --n v; a list given again grows, anything else is replaced; `--` ends the flags. `root` says which
// flags need no value.
std::vector<Flag> parse_flags(std::span<const std::string> arguments, const Type& root, std::vector<Issue>& issues);

// TOML when the name ends so, else YAML.
Result<Document> read_options_file(const std::string& path);

}  // namespace fl::config
