#include "aws/profiles.h"

#include <fmt/format.h>

#include <optional>

#include "base/strings.h"

namespace fl::aws {
namespace {

std::string path_of(const Environment& environment, const char* variable, const char* name) {
  const std::string path = environment.variable(variable);
  return path.empty() ? environment.variable("HOME") + "/.aws/" + name : path;
}

Result<std::map<std::string, Settings>> load_file(const Environment& environment, const std::string& path) {
  auto text = environment.read_file(path);
  if (!text && text.error().code == Code::not_found) return std::map<std::string, Settings>{};
  if (!text) return tl::make_unexpected(std::move(text).error());
  return parse_ini(*text, path);
}

// "default", "profile web" and "profile \"web\"" name profiles in the config file; nullopt for other sections.
std::optional<std::string> profile_name(std::string_view heading) {
  if (heading == "default") return "default";
  if (!heading.starts_with("profile ") && !heading.starts_with("profile\t")) return std::nullopt;
  return std::string(trim(trim(heading.substr(8)), "\"'"));
}

// Comments begin a line, or stand behind a value after a blank.
std::string_view without_comment(std::string_view value) {
  for (size_t i = 1; i < value.size(); ++i)
    if ((value[i] == '#' || value[i] == ';') && (value[i - 1] == ' ' || value[i - 1] == '\t'))
      return value.substr(0, i);
  return value;
}

}  // namespace

Result<std::map<std::string, Settings>> parse_ini(std::string_view text, std::string_view file) {
  std::map<std::string, Settings> sections;
  Settings* section = nullptr;
  int number = 0;
  const auto bad = [&](std::string_view why) {
    return fail(Code::invalid, fmt::format("{}:{}: {}", file, number, why));
  };
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    const bool is_indented = raw[0] == ' ' || raw[0] == '\t';
    if (line[0] == '[') {
      const size_t end = line.find(']');
      if (end == line.npos) return bad("a section's heading does not end with ]");
      section = &sections[std::string(trim(line.substr(1, end - 1)))];
      continue;
    }
    if (is_indented) continue;  // settings of one service only, below "s3 =" and the like
    const size_t equals = line.find('=');
    if (equals == line.npos || equals == 0) return bad("expected \"name = value\" or \"[section]\"");
    if (section == nullptr) return bad("a setting before the first [section]");
    (*section)[to_lower(trim(line.substr(0, equals)))] = trim(without_comment(line.substr(equals)).substr(1));
  }
  return sections;
}

Result<Profiles> Profiles::load(const Environment& environment) {
  Profiles out;
  FL_TRY(const auto config, load_file(environment, path_of(environment, "AWS_CONFIG_FILE", "config")));
  FL_TRY(const auto keys, load_file(environment, path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials")));
  for (const auto& [heading, settings] : config)
    if (const auto name = profile_name(heading)) out.profiles_[*name].insert(settings.begin(), settings.end());
  for (const auto& [name, settings] : keys)  // the credentials file wins
    for (const auto& [key, value] : settings) out.profiles_[name][key] = value;
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (std::string name = environment.variable(variable); !name.empty()) {
      out.active_ = std::move(name);
      out.is_chosen_ = true;
      break;
    }
  }
  return out;
}

const Settings* Profiles::find(std::string_view name) const {
  const auto found = profiles_.find(name);
  return found != profiles_.end() ? &found->second : nullptr;
}

std::string Profiles::active_setting(const std::string& key) const {
  const Settings* settings = find(active_);
  if (settings == nullptr) return {};
  const auto found = settings->find(key);
  return found != settings->end() ? found->second : "";
}

}  // namespace fl::aws
