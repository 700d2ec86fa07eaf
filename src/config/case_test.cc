// Runs tests/cases/config/*.case. The name's second part says what the input is: labels, yaml, toml, json (dynamic
// configuration), flags, env, static-yaml, static-toml. A case is: input, a line `---`, expected JSON, a line `---`,
// expected issues, one a line. Dynamic configuration is compared whole, without its empty sections; static
// configuration only where the JSON says something. Lines of the input that begin with # are comments in labels,
// flags and env.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/strings.h"
#include "config/dynamic/read.h"
#include "config/encode.h"
#include "config/load_static.h"
#include "support/temporary_directory.h"

namespace fl::config {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

json::Value sorted(const json::Value& value) {
  if (const json::Object* object = value.if_object()) {
    json::Object out;
    for (const auto& [key, member] : *object) out.emplace_back(key, sorted(member));
    std::ranges::sort(out, {}, &json::Member::first);
    return out;
  }
  if (const json::Array* array = value.if_array()) {
    json::Array out;
    for (const json::Value& item : *array) out.push_back(sorted(item));
    return out;
  }
  return value;
}

// The sections that hold something.
json::Value without_empty_sections(const json::Value& value) {
  json::Object out;
  for (const auto& [key, section] : *value.if_object())
    if (!section.if_object()->empty()) out.emplace_back(key, section);
  return out;
}

// The part of `actual` that `expected` speaks about.
json::Value shared_part(const json::Value& actual, const json::Value& expected) {
  if (actual.if_object() == nullptr || expected.if_object() == nullptr) return actual;
  json::Object out;
  for (const auto& [key, member] : *expected.if_object())
    if (const json::Value* found = actual.find(key)) out.emplace_back(key, shared_part(*found, member));
  return out;
}

struct Case {
  std::string input, expected, issues;
};

Case read_case(const fs::path& path) {
  std::string parts[3];
  size_t part = 0;
  const std::string text = read_file(path);
  for (std::string_view line : split(text, '\n')) {
    if (line == "---" && part < 2)
      ++part;
    else
      parts[part] += std::string(line) + "\n";
  }
  return {parts[0], std::string(trim(parts[1])), std::string(trim(parts[2]))};
}

std::vector<std::string> input_lines(const std::string& input) {
  std::vector<std::string> lines;
  for (std::string_view line : split(input, '\n'))
    if (!line.empty() && line[0] != '#') lines.emplace_back(line);
  return lines;
}

// NAME=value a line.
Map<std::string> input_map(const std::string& input) {
  Map<std::string> map;
  for (const std::string& line : input_lines(input))
    map[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  return map;
}

struct Outcome {
  json::Value configuration;
  std::vector<Issue> issues;
  bool is_static = false;
};

Outcome from_dynamic(const dynamic::ReadResult& result) {
  Outcome out{without_empty_sections(encode_json(result.configuration)), result.issues};
  for (const dynamic::BrokenObject& broken : result.broken)
    out.issues.insert(out.issues.end(), broken.issues.begin(), broken.issues.end());
  return out;
}

Outcome run(const std::string& kind, const std::string& input, const fs::path& directory) {
  if (kind == "labels") return from_dynamic(dynamic::read_labels(input_map(input)));
  if (const auto format = dynamic::format_of("in." + kind)) {
    const auto result = dynamic::read_text(input, "in", *format);
    if (!result) return {json::Object(), {Issue{.text = result.error().message}}};
    return from_dynamic(*result);
  }
  StaticInput static_input;
  if (kind == "flags") static_input.arguments = input_lines(input);
  if (kind == "env") static_input.environment = input_map(input);
  if (kind.starts_with("static-")) {
    const fs::path file = directory / ("in." + kind.substr(7));
    std::ofstream(file) << input;
    static_input.arguments = {"--configFile=" + file.string()};
  }
  LoadedStatic loaded = load_static(static_input);
  return {encode_json(loaded.configuration), loaded.issues, true};
}

class ConfigCase : public testing::TestWithParam<fs::path> {};

TEST_P(ConfigCase, Matches) {
  const Case c = read_case(GetParam());
  const std::string kind = GetParam().stem().extension().string().substr(1);
  const TemporaryDirectory made;
  const fs::path directory = made.path();
  const Outcome outcome = run(kind, c.input, directory);

  const auto expected = json::parse(c.expected);
  ASSERT_TRUE(expected) << expected.error().message;
  const json::Value actual = outcome.is_static ? shared_part(outcome.configuration, *expected) : outcome.configuration;
  EXPECT_EQ(json::to_text(sorted(actual)), json::to_text(sorted(*expected)));

  std::string issues = to_text(outcome.issues);
  for (size_t at; (at = issues.find(directory.string() + "/")) != issues.npos;)
    issues.erase(at, directory.string().size() + 1);
  EXPECT_EQ(std::string(trim(issues)), c.issues);
}

std::vector<fs::path> all_cases() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(FL_SOURCE_DIR) / "tests/cases/config"))
    if (entry.path().extension() == ".case") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Cases, ConfigCase, testing::ValuesIn(all_cases()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace_if(name, [](char c) { return !is_alnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace fl::config
