#include "config/dynamic/read.h"

#include <algorithm>

#include "base/strings.h"
#include "config/decode.h"
#include "config/paths.h"
#include "config/toml.h"
#include "config/yaml.h"

namespace fl::config::dynamic {
namespace {

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

bool is_routing_label(std::string_view key) {
  for (std::string_view prefix : {"traefik.http.", "traefik.tcp.", "traefik.udp.", "traefik.tls.stores.default."})
    if (istarts_with(key, prefix)) return true;
  return false;
}

// Errors of an object go to that object, all else to the whole.
void file_issues(std::vector<Issue> issues, ReadResult& result) {
  for (Issue& issue : issues) {
    if (issue.kind.empty() || issue.severity == Severity::warning) {
      result.issues.push_back(std::move(issue));
      continue;
    }
    // Issues of one object follow each other.
    auto& broken = result.broken;
    if (broken.empty() || broken.back().kind != issue.kind || broken.back().name != issue.object)
      broken.push_back({issue.kind, issue.object, {}});
    broken.back().issues.push_back(std::move(issue));
  }
}

}  // namespace

std::optional<Format> format_of(std::string_view file_name) {
  if (file_name.ends_with(".yaml") || file_name.ends_with(".yml")) return Format::yaml;
  if (file_name.ends_with(".toml")) return Format::toml;
  if (file_name.ends_with(".json")) return Format::json;
  return std::nullopt;
}

Result<ReadResult> read_text(std::string_view text, std::string_view source, Format format) {
  FL_TRY(const Document document, format == Format::toml ? read_toml(text, source) : read_yaml(text, source));
  ReadResult result;
  file_issues(decode(document.root(), Form::file, result.configuration), result);
  return result;
}

ReadResult read_labels(const Map<std::string>& labels) {
  ReadResult result;
  std::vector<Issue> issues;
  std::vector<Setting> settings;
  for (const auto& [key, value] : labels) {
    if (!is_routing_label(key)) continue;
    const std::string source = "label " + key;
    if (!key.starts_with("traefik.")) {
      issues.push_back({.where = source, .text = "a label begins with traefik, in lower case"});
      continue;
    }
    auto path = split_path(std::string_view(key).substr(std::string_view("traefik.").size()));
    if (!path) {
      issues.push_back({.where = source, .text = std::move(path).error().message});
      continue;
    }
    settings.push_back({*std::move(path), value, source});
  }
  const Document document = build_tree(settings, issues);
  decode(document.root(), Form::label, type_of<Configuration>, &result.configuration, issues);
  file_issues(std::move(issues), result);
  return result;
}

}  // namespace fl::config::dynamic
