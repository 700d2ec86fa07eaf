// Options of the commands beside the proxy (fairlead control, fairlead agent): one flat table a command. Unlike the
// proxy's, which follow Traefik, its sources add up: flags beat the environment, the environment beats the file, the
// file beats the defaults. Runs once at start; reads files, nothing else.
//
//   fairlead control --account-id=1   FAIRLEAD_CONTROL_ACCOUNT_ID=1   account-id: 1 (in the file)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"
#include "config/issue.h"
#include "config/schema.h"

namespace fl::config {

struct CommandInput {
  std::string_view command;            // "control"
  std::vector<std::string> arguments;  // after the command's name
  Map<std::string> environment;
};

// Decodes over the defaults that `out` (an object of `type`) holds. The file is the one that --configFile or
// FAIRLEAD_<COMMAND>_CONFIGFILE names. A variable that begins like the command's and names no option is an error.
std::vector<Issue> load_command_options(const CommandInput& input, const Type& type, void* out);

template <class Options>
std::vector<Issue> load_command_options(const CommandInput& input, Options& out) {
  return load_command_options(input, type_of<Options>, &out);
}

// Text of `fairlead <command> --help` below its first paragraph: how options are written, then each one.
std::string command_help(std::string_view command, const Type& type);

}  // namespace fl::config
