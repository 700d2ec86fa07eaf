#include "app/commands/check.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "app/commands/offline_build.h"
#include "app/wiring/wire.h"
#include "base/json.h"
#include "base/strings.h"
#include "config/toml.h"
#include "config/yaml.h"

namespace fl::app {
namespace {

using config::Issue;
using config::Severity;

Result<config::Document> read_document(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && !file.eof()) return fail(Code::not_found, path + ": cannot be read");
  return path.ends_with(".toml") ? config::read_toml(text, path) : config::read_yaml(text, path);
}

// No option of the static configuration has one of these names.
bool is_dynamic(const std::string& path) {
  if (std::filesystem::is_directory(path)) return true;
  const auto document = read_document(path);
  if (!document) return false;
  for (const config::Value& child : document->root().children())
    for (const std::string_view name : {"http", "tcp", "udp", "tls"})
      if (iequals(child.key, name)) return true;
  return false;
}

const config::Value* child_of(const config::Value* parent, std::string_view name) {
  if (parent == nullptr) return nullptr;
  for (const config::Value& child : parent->children())
    if (iequals(child.key, name)) return &child;
  return nullptr;
}

// Where an object is written, for what is only found out once everything is put together. Files that are templates
// can often not be read as they stand; objects in them have no place.
class Places {
 public:
  explicit Places(const std::vector<std::string>& files) {
    for (const std::string& file : files)
      if (auto document = read_document(file)) documents_.push_back(*std::move(document));
  }

  std::string find(std::string_view protocol, std::string_view kind, std::string_view name) const {
    for (const config::Document& document : documents_) {
      const config::Value* objects = child_of(child_of(&document.root(), protocol), kind);
      const config::Value* object = objects == nullptr ? nullptr : objects->find(name);
      if (object != nullptr) return object->mark.to_text();
    }
    return {};
  }

 private:
  std::vector<config::Document> documents_;
};

struct Findings {
  std::vector<Issue> issues;
  size_t routers = 0, services = 0, middlewares = 0;

  size_t count(Severity severity) const {
    return static_cast<size_t>(std::ranges::count(issues, severity, &Issue::severity));
  }
};

// What building has found wrong with objects of files, beside what decoding has said about them already.
template <class Reports>
void add_objects(const Reports& reports, std::string_view protocol, std::string_view kind, const Places& places,
                 Findings& out) {
  std::set<std::string> known;
  for (const Issue& issue : out.issues) known.insert(issue.to_text());
  for (const auto& [name, report] : reports) {
    const std::string_view plain = std::string_view(name).substr(0, name.rfind('@'));
    for (const std::string& error : report.errors)
      if (!known.contains(error))
        out.issues.push_back(
            {.severity = report.status == proxy::Status::disabled ? Severity::error : Severity::warning,
             .where = places.find(protocol, kind, plain),
             .path = fmt::format("{}.{}.{}", protocol, kind, name),
             .text = error});
  }
}

void check_dynamic(const config::LoadedStatic& loaded, const std::optional<config::statics::FileProvider>& dynamic,
                   EntryPointNames entry_points, Findings& out) {
  const OfflineBuild offline = build_offline(loaded, dynamic, std::move(entry_points));
  out.issues.insert(out.issues.end(), offline.issues.begin(), offline.issues.end());
  const Places places(offline.files);
  const proxy::RuntimeReport& report = *offline.built.report;
  const auto add = [&](const auto& reports, std::string_view protocol, std::string_view kind, size_t& count) {
    add_objects(reports, protocol, kind, places, out);
    for (const auto& [name, _] : reports) count += name.ends_with("@file");
  };
  add(report.routers, "http", "routers", out.routers);
  add(report.services, "http", "services", out.services);
  add(report.middlewares, "http", "middlewares", out.middlewares);
  add(report.tcp.routers, "tcp", "routers", out.routers);
  add(report.tcp.services, "tcp", "services", out.services);
  add(report.tcp.middlewares, "tcp", "middlewares", out.middlewares);
  add(report.udp.routers, "udp", "routers", out.routers);
  add(report.udp.services, "udp", "services", out.services);
}

Findings check_static_file(const std::string& file) {
  config::LoadedStatic loaded = load_static_file(file);
  const Wiring wiring = wire(loaded);
  Findings out{.issues = loaded.issues};
  if (!config::has_errors(out.issues))
    check_dynamic(loaded, loaded.configuration.providers.file, names_of(wiring.entry_points), out);
  return out;
}

// Which entry points and internal services there will be is not known: whatever a router names is taken to exist.
Findings check_dynamic_files(const std::string& path) {
  config::LoadedStatic loaded;
  config::statics::FileProvider options;
  (std::filesystem::is_directory(path) ? options.directory : options.filename) = path;
  loaded.default_entry_points = {"http"};
  loaded.configuration.api.emplace();
  loaded.configuration.ping.emplace().manual_routing = true;
  loaded.configuration.metrics.prometheus.emplace().manual_routing = true;
  loaded.configuration.entry_points["udp"].address = ":0/udp";
  std::set<std::string> tcp{"http"}, udp{"udp"};
  const OfflineBuild once = build_offline(loaded, options, {});
  const config::dynamic::Configuration& configuration = *once.built.report->configuration;
  const auto collect = [](const auto& routers, std::set<std::string>& names) {
    for (const auto& [_, router] : routers) names.insert(router.entry_points.begin(), router.entry_points.end());
  };
  collect(configuration.http.routers, tcp);
  collect(configuration.tcp.routers, tcp);
  collect(configuration.udp.routers, udp);
  Findings out;
  check_dynamic(loaded, options, {.tcp = {tcp.begin(), tcp.end()}, .udp = {udp.begin(), udp.end()}}, out);
  return out;
}

std::string_view word(Severity severity) { return severity == Severity::error ? "error" : "warning"; }

void print_text(const std::string& path, const Findings& findings) {
  // Problems as compilers print them: editors know how to jump there.
  for (const Issue& issue : findings.issues) {
    const std::string where = issue.where.empty() ? "" : issue.where + ": ";
    const std::string option = issue.path.empty() ? "" : issue.path + ": ";
    fmt::print("{}{}: {}{}\n", where, word(issue.severity), option, issue.text);
  }
  const size_t errors = findings.count(Severity::error), warnings = findings.count(Severity::warning);
  if (errors + warnings == 0)
    fmt::print("{}: OK: {} routers, {} services, {} middlewares\n", path, findings.routers, findings.services,
               findings.middlewares);
  else
    fmt::print("{}: {} errors, {} warnings\n", path, errors, warnings);
}

void print_json(const Findings& findings) {
  json::Array problems;
  for (const Issue& issue : findings.issues)
    problems.emplace_back(json::Object{
        {"severity", word(issue.severity)}, {"where", issue.where}, {"path", issue.path}, {"text", issue.text}});
  const auto number = [](size_t n) { return static_cast<int64_t>(n); };
  const json::Object out{{"errors", number(findings.count(Severity::error))},
                         {"warnings", number(findings.count(Severity::warning))},
                         {"routers", number(findings.routers)},
                         {"services", number(findings.services)},
                         {"middlewares", number(findings.middlewares)},
                         {"problems", std::move(problems)}};
  fmt::print("{}\n", json::to_text(out));
}

}  // namespace

int run_check(std::span<const char* const> arguments) {
  std::string path;
  bool as_json = false, is_strict = false;
  CLI::App cli("Says what is wrong with a configuration, without starting.", "fairlead check");
  cli.add_option("CONFIG", path, "static file, dynamic file, or directory of dynamic files")
      ->required()
      ->check(CLI::ExistingPath);
  cli.add_flag("--json", as_json, "print JSON");
  cli.add_flag("--strict", is_strict, "warnings count as problems");
  try {
    // CLI11 takes its arguments last first.
    cli.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : 2;
  }
  const Findings findings = is_dynamic(path) ? check_dynamic_files(path) : check_static_file(path);
  if (as_json)
    print_json(findings);
  else
    print_text(path, findings);
  return findings.count(Severity::error) > 0 || (is_strict && !findings.issues.empty()) ? 1 : 0;
}

}  // namespace fl::app
