// Runs tests/cases/containers/*.case: provider options and containers, then "---", then what must come out of them.
//
//   default rule = Host(`x`)          constraints = ...          exposed by default = false
//   container <name> <id>             then its lines: ip, port <container>:<host>[+count], revision, origin, labels
//   ---
//   <kind>.<name> <JSON>              an element; the keys shown must be as shown. There are no others.
//   broken <kind>.<name>: <text>      in any order
//   issue <text>
#include "providers/container/merge.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/strings.h"
#include "config/encode.h"

namespace fl::providers::container {
namespace {

struct Parsed {
  std::string default_rule = "Host(`{{ normalize .Name }}`)";
  std::string constraints;
  bool exposed_by_default = true;
  std::vector<Instance> instances;
  std::map<std::string, json::Value> elements;
  std::multiset<std::string> broken, issues;
};

uint16_t port(std::string_view text) { return static_cast<uint16_t>(parse_uint(text).value()); }

void container_line(Instance& instance, Labels& labels, std::string_view line) {
  const size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space), rest = space == line.npos ? "" : line.substr(space + 1);
  if (word == "ip") {
    instance.ip = rest;
  } else if (word == "revision") {
    instance.revision = parse_int(rest).value();
  } else if (word == "origin") {
    instance.origin = rest;
  } else if (word == "port") {
    const size_t colon = rest.find(':'), plus = rest.find('+');
    instance.ports.push_back({.container_port = port(rest.substr(0, colon)),
                              .host_port = port(rest.substr(colon + 1, plus == rest.npos ? plus : plus - colon - 1)),
                              .count = plus == rest.npos ? uint16_t{1} : port(rest.substr(plus + 1))});
  } else {
    const size_t equals = line.find('=');
    labels.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
}

Parsed read_case(const std::filesystem::path& path) {
  Parsed result;
  std::ifstream file(path);
  std::vector<Labels> labels;
  bool is_expected = false;
  for (std::string line; std::getline(file, line);) {
    const auto after = [&](std::string_view start) { return line.substr(start.size()); };
    if (line.empty() || line.starts_with('#')) continue;
    if (line == "---") {
      is_expected = true;
    } else if (is_expected) {
      const size_t space = line.find(' ');
      if (line.starts_with("broken "))
        result.broken.insert(after("broken "));
      else if (line.starts_with("issue "))
        result.issues.insert(after("issue "));
      else
        result.elements.emplace(line.substr(0, space), json::parse(line.substr(space + 1)).value());
    } else if (line.starts_with("default rule =")) {
      result.default_rule = trim(after("default rule ="));
    } else if (line.starts_with("constraints =")) {
      result.constraints = trim(after("constraints ="));
    } else if (line == "exposed by default = false") {
      result.exposed_by_default = false;
    } else if (line.starts_with("container ")) {
      const auto words = split(line, ' ');
      result.instances.push_back({.name = std::string(words[1]), .id = std::string(words[2])});
      labels.emplace_back();
    } else {
      container_line(result.instances.back(), labels.back(), line);
    }
  }
  for (size_t i = 0; i < labels.size(); ++i) result.instances[i].labels = make_labels(std::move(labels[i]));
  return result;
}

// Whether everything in `shown` is in `value`.
bool shows(const json::Value& value, const json::Value& shown) {
  if (const auto* object = shown.if_object()) {
    return std::ranges::all_of(*object, [&](const auto& member) {
      const auto* found = value.find(member.first);
      return found != nullptr && shows(*found, member.second);
    });
  }
  if (const auto* array = shown.if_array()) {
    const auto* values = value.if_array();
    return values != nullptr && std::ranges::equal(*values, *array, shows);
  }
  return value == shown;
}

// "http.routers.web" -> its JSON
std::map<std::string, json::Value> elements_of(const config::dynamic::Configuration& configuration) {
  std::map<std::string, json::Value> out;
  const json::Value root = config::encode_json(configuration);
  for (const auto& [section, kinds] : *root.if_object())
    for (const auto& [kind, objects] : *kinds.if_object())
      if (objects.if_object() != nullptr)
        for (const auto& [name, value] : *objects.if_object()) out.emplace(section + "." + kind + "." + name, value);
  return out;
}

TEST(Containers, Cases) {
  size_t ran = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FL_SOURCE_DIR "/tests/cases/containers")) {
    SCOPED_TRACE(entry.path().filename().string());
    const Parsed c = read_case(entry.path());
    const auto rule = gotemplate::Template::parse("defaultRule", c.default_rule, gotemplate::Dialect::default_rule);
    const auto constraints = Constraints::parse(c.constraints);
    ASSERT_TRUE(rule && constraints);
    const Wired result = build(c.instances, {.provider = "ecs",
                                             .default_rule = *rule,
                                             .constraints = *constraints,
                                             .exposed_by_default = c.exposed_by_default});

    const auto elements = elements_of(result.configuration);
    for (const auto& [name, value] : elements) {
      const auto expected = c.elements.find(name);
      if (expected == c.elements.end())
        ADD_FAILURE() << "not expected: " << name << " " << json::to_text(value);
      else
        EXPECT_TRUE(shows(value, expected->second)) << name << " is " << json::to_text(value);
    }
    for (const auto& [name, value] : c.elements) EXPECT_TRUE(elements.contains(name)) << "missing: " << name;

    for (const auto& [name, router] : result.configuration.http.routers) {
      const bool has_rule = std::ranges::any_of(c.instances, [&](const Instance& instance) {
        return std::ranges::any_of(instance.labels->labels, [&](const auto& label) {
          return iequals(label.first, "traefik.http.routers." + name + ".rule") && !label.second.empty();
        });
      });
      EXPECT_EQ(router.from_default_rule, !has_rule) << name;
    }

    std::multiset<std::string> broken, issues;
    for (const auto& object : result.broken)
      for (const auto& issue : object.issues) broken.insert(object.kind + "." + object.name + ": " + issue.to_text());
    for (const auto& issue : result.issues) issues.insert(issue.to_text());
    if (!c.broken.empty() || !entry.path().filename().string().starts_with("traefik_")) {
      EXPECT_EQ(broken, c.broken);
      EXPECT_EQ(issues, c.issues);
    }
    ++ran;
  }
  EXPECT_GT(ran, 20u);
}

}  // namespace
}  // namespace fl::providers::container
