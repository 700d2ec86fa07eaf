#include "config/load_static.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>

#include "base/strings.h"
#include "config/decode.h"
#include "config/flags.h"
#include "config/paths.h"
#include "config/static/complete.h"

namespace fl::config {
namespace {

constexpr std::string_view kConfigFile = "configFile";

const Type& root_type() { return type_of<statics::Configuration>; }

struct Variable {
  std::string name;    // without the prefix, as given
  std::string source;  // "env TRAEFIK_PING"
  std::string value;
};

// FAIRLEAD_* before TRAEFIK_*, and only those whose first part is an option: TRAEFIK_FOO may be anything.
std::vector<Variable> relevant_variables(const Map<std::string>& environment) {
  std::vector<Variable> variables;
  for (std::string_view prefix : {"FAIRLEAD_", "TRAEFIK_"}) {
    for (auto it = environment.lower_bound(prefix); it != environment.end() && it->first.starts_with(prefix); ++it) {
      const std::string name = it->first.substr(prefix.size());
      const std::string_view first = std::string_view(name).substr(0, name.find_first_of("_["));
      if (root_type().schema().find(first) == nullptr && !iequals(name, kConfigFile)) continue;
      const auto is_same = [&](const Variable& v) { return iequals(v.name, name); };
      if (std::ranges::none_of(variables, is_same)) variables.push_back({name, "env " + it->first, it->second});
    }
  }
  return variables;
}

// $NAME and ${NAME}, as Go's os.ExpandEnv.
std::string expand(std::string_view text, const Map<std::string>& environment) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      out += text[i++];
      continue;
    }
    const bool braces = text.substr(i + 1).starts_with('{');
    const size_t begin = i + (braces ? 2 : 1);
    size_t end = begin;
    while (end < text.size() && (braces ? text[end] != '}' : is_alnum(text[end]) || text[end] == '_')) ++end;
    if (const auto it = environment.find(text.substr(begin, end - begin)); it != environment.end()) out += it->second;
    i = std::min(text.size(), end + (braces ? 1 : 0));
  }
  return out;
}

std::optional<std::string> find_file(const StaticInput& input, const std::string& named, std::vector<Issue>& issues) {
  std::error_code ignored;
  if (!named.empty()) {
    const std::string path = expand(named, input.environment);
    if (std::filesystem::is_regular_file(path, ignored)) return path;
    issues.push_back({.severity = Severity::warning,
                      .path = std::string(kConfigFile),
                      .text = fmt::format("there is no file {}; the usual places are tried", path)});
  }
  for (const std::string& stem : input.search_path)
    for (std::string_view ending : {".toml", ".yaml", ".yml"})
      if (const std::string path = stem + std::string(ending); std::filesystem::is_regular_file(path, ignored))
        return path;
  return std::nullopt;
}

void load_file(const std::string& path, LoadedStatic& out) {
  auto document = read_options_file(path);
  if (!document) {
    out.issues.push_back({.text = document.error().message});
    return;
  }
  out.document = *std::move(document);
  decode(out.document.root(), Form::file, root_type(), &out.configuration, out.issues);
}

void load_settings(std::span<const Setting> settings, LoadedStatic& out) {
  out.document = build_tree(settings, out.issues);
  decode(out.document.root(), Form::path, root_type(), &out.configuration, out.issues);
}

void add_setting(Result<std::vector<std::string>> path, std::string value, std::string source,
                 std::vector<Setting>& settings, std::vector<Issue>& issues) {
  if (path)
    settings.push_back({*std::move(path), std::move(value), std::move(source)});
  else
    issues.push_back({.where = std::move(source), .text = std::move(path).error().message});
}

}  // namespace

std::string LoadedStatic::place_of(std::string_view path) const {
  // A name of the user's own may hold dots: the children say where it ends.
  const auto begins_with = [&path](std::string_view key) {
    return !key.empty() && iequals(path.substr(0, key.size()), key) &&
           (path.size() == key.size() || path[key.size()] == '.' || path[key.size()] == '[');
  };
  const Value* at = &document.root();
  for (const Value* next = at->first; next != nullptr;) {
    if (!begins_with(next->key)) {
      next = next->next;
      continue;
    }
    at = next;
    path.remove_prefix(std::min(path.size(), at->key.size() + 1));
    next = at->first;
  }
  return at == &document.root() ? "" : at->mark.to_text();
}

LoadedStatic load_static(const StaticInput& input) {
  LoadedStatic out;
  std::string named_file;
  std::vector<Issue> flag_issues;
  std::vector<Setting> from_flags, from_variables;

  for (Flag& flag : parse_flags(input.arguments, root_type(), flag_issues)) {
    if (iequals(flag.name, kConfigFile)) {
      named_file = flag.value;
      continue;
    }
    add_setting(split_path(flag.name), std::move(flag.value), "flag --" + flag.name, from_flags, flag_issues);
  }
  std::vector<Issue> variable_issues;
  for (Variable& variable : relevant_variables(input.environment)) {
    if (iequals(variable.name, kConfigFile)) {
      if (named_file.empty()) named_file = variable.value;
      continue;
    }
    add_setting(split_variable(variable.name, root_type()), std::move(variable.value), std::move(variable.source),
                from_variables, variable_issues);
  }

  if (const auto file = find_file(input, named_file, out.issues)) {
    out.source = "file " + *file;
    load_file(*file, out);
  } else if (!from_flags.empty() || !flag_issues.empty()) {
    out.source = "flags";
    out.issues.insert(out.issues.end(), flag_issues.begin(), flag_issues.end());
    load_settings(from_flags, out);
  } else if (!from_variables.empty() || !variable_issues.empty()) {
    out.source = "environment variables";
    out.issues.insert(out.issues.end(), variable_issues.begin(), variable_issues.end());
    load_settings(from_variables, out);
  } else {
    out.source = "defaults";
  }
  statics::add_implied_entry_points(out.configuration);
  const size_t found_by_decoding = out.issues.size();
  statics::validate(out.configuration, out.issues);
  for (Issue& issue : std::span(out.issues).subspan(found_by_decoding)) issue.where = out.place_of(issue.path);
  out.default_entry_points = statics::default_entry_points(out.configuration);
  return out;
}

std::vector<std::string> default_search_path(const Map<std::string>& environment) {
  std::vector<std::string> path;
  for (std::string_view name : {"fairlead", "traefik"}) {
    path.push_back(fmt::format("/etc/{0}/{0}", name));
    if (const auto it = environment.find("XDG_CONFIG_HOME"); it != environment.end())
      path.push_back(fmt::format("{}/{}", it->second, name));
    if (const auto it = environment.find("HOME"); it != environment.end())
      path.push_back(fmt::format("{}/.config/{}", it->second, name));
    path.push_back(fmt::format("./{}", name));
  }
  return path;
}

Map<std::string> process_environment() {
  Map<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const size_t equals = text.find('='); equals != text.npos)
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace fl::config
