#include "config/command_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "config/decode.h"
#include "config/flags.h"
#include "config/help.h"
#include "config/paths.h"

namespace fl::config {
namespace {

constexpr std::string_view kConfigFile = "configFile";

// "account-id" of the command "control" -> FAIRLEAD_CONTROL_ACCOUNT_ID.
std::string variable_name(std::string_view command, std::string_view option) {
  std::string name = to_upper(fmt::format("FAIRLEAD_{}_{}", command, option));
  std::ranges::replace(name, '-', '_');
  return name;
}

void decode_settings(const std::vector<Setting>& settings, const Type& type, void* out, std::vector<Issue>& issues) {
  const Document document = build_tree(settings, issues);
  decode(document.root(), Form::path, type, out, issues);
}

}  // namespace

std::vector<Issue> load_command_options(const CommandInput& input, const Type& type, void* out) {
  std::vector<Issue> issues;
  std::string file;
  std::vector<Setting> variables, flags;

  const std::string prefix = variable_name(input.command, "");
  for (auto it = input.environment.lower_bound(prefix); it != input.environment.end() && it->first.starts_with(prefix);
       ++it) {
    const auto names_it = [&](std::string_view option) { return variable_name(input.command, option) == it->first; };
    const auto& fields = type.schema().fields;
    const auto field = std::ranges::find_if(fields, names_it, &Field::name);
    if (names_it(kConfigFile))
      file = it->second;
    else if (field != fields.end())
      variables.push_back({{std::string(field->name)}, it->second, "env " + it->first});
    else
      issues.push_back({.where = "env " + it->first, .text = "names no option"});
  }
  for (Flag& flag : parse_flags(input.arguments, type, issues)) {
    if (iequals(flag.name, kConfigFile))
      file = flag.value;
    else
      flags.push_back({{flag.name}, std::move(flag.value), "flag --" + flag.name});
  }

  if (!file.empty()) {
    if (const auto document = read_options_file(file))
      decode(document->root(), Form::file, type, out, issues);
    else
      issues.push_back({.text = document.error().message});
  }
  decode_settings(variables, type, out, issues);
  decode_settings(flags, type, out, issues);
  return issues;
}

std::string command_help(std::string_view command, const Type& type) {
  std::string out = fmt::format(
      "Options are --name=value or --name value. The same names may stand in a file (--configFile=x.yaml) and,\n"
      "as {}, in the environment. A flag beats the environment, which beats the file.\n\n",
      variable_name(command, type.schema().fields.front().name));
  return out + options_text(type);
}

}  // namespace fl::config
