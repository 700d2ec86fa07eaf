// Runs tests/cases/ecs/*.case: dialogues with the API, each from an empty state. A file is a list of exchanges, parted
// by blank lines:
//
//   > CreateCluster                      an action of ecs; "> ssm CreateActivation", "> CreateCluster @eu-west-1"
//   {"clusterName": "web"}               its request; may take several lines
//   ---
//   {"cluster": {"status": "ACTIVE", "...": "..."}}      the answer, or "! Type: message" of a refusal
//
//   + 1h                                 time passes
//
// Members of answers may stand in any order. In an answer "*" is any value, "text*" any text that begins so, a member
// "..." stands for members that are not shown, and "$name" takes the value for later: in requests, and in answers as
// the value that is expected again. Lines that begin with # are comments. Every answer is also checked against the
// service's model. strict.case is told to a server with --strict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "base/strings.h"
#include "control/api/api_for_test.h"

namespace fl::control::api {
namespace {

namespace fs = std::filesystem;

struct Step {
  size_t line = 0;
  std::string head, request, expected;
};

std::vector<Step> read_steps(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<Step> steps;
  bool answer = false;
  size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    if (line.starts_with("> ") || line.starts_with("+ ")) {
      steps.push_back({number, std::string(line), {}, {}});
      answer = false;
    } else if (line == "---") {
      answer = true;
    } else if (!steps.empty()) {
      (answer ? steps.back().expected : steps.back().request).append(line).append("\n");
    }
  }
  return steps;
}

class Dialogue {
 public:
  explicit Dialogue(bool strict)
      : api_({.region = "us-east-1",
              .account_id = "000000000000",
              .endpoint = "http://127.0.0.1:4566",
              .strict = strict,
              .temporary_keys = std::make_shared<const auth::TemporaryKeys>("seal")}) {}

  void run(const Step& step) {
    if (step.head.starts_with("+ ")) {
      const auto passed = parse_duration(trim(step.head.substr(2)));
      ASSERT_TRUE(passed) << passed.error().message;
      api_.clock.elapsed += *passed;
      return;
    }
    std::string service = "ecs", action, region;
    for (const std::string_view word : split(step.head.substr(2), ' ')) {
      if (word == "ecs" || word == "ssm")
        service = word;
      else if (word.starts_with('@'))
        region = word.substr(1);
      else
        action = word;
    }
    const Reply reply = api_.call(service, action, with_values(step.request), region);
    const std::string expected(trim(step.expected));
    if (expected.starts_with('!')) {
      EXPECT_EQ("! " + reply.error + ": " + std::string(reply.body.string_at("message")), with_values(expected));
      EXPECT_EQ(reply.body.string_at("__type"), reply.error);
      return;
    }
    ASSERT_EQ(reply.error, "") << reply.body.string_at("message");
    EXPECT_EQ(reply.status, 200);
    expect_model(service, action, reply.body);
    const auto pattern = json::parse(expected);
    ASSERT_TRUE(pattern) << pattern.error().message << "\nthe answer is " << json::to_text(reply.body);
    std::string difference = compare(reply.body, *pattern, "");
    EXPECT_EQ(difference, "") << "the answer is " << json::to_text(reply.body);
  }

 private:
  // The text with values in place of $names.
  std::string with_values(std::string_view raw) const {
    std::string text(trim(raw));
    for (const auto& [name, value] : variables_)
      for (size_t at; value.if_string() != nullptr && (at = text.find("$" + name)) != text.npos;)
        text.replace(at, name.size() + 1, *value.if_string());
    return text;
  }

  static void expect_model(std::string_view service, std::string_view action, const json::Value& answer) {
    for (const Service& s : services()) {
      if (s.model->signing_name != service) continue;
      const Action* found = s.find(action);
      ASSERT_NE(found, nullptr);
      const auto violation = ecs::find_violation(answer, *found->output);
      EXPECT_FALSE(violation) << violation->path << ": " << violation->message;
    }
  }

  // What is first found different, as "path: text"; empty when they agree.
  std::string compare(const json::Value& actual, const json::Value& expected, const std::string& path) {
    const std::string differs = path + ": " + json::to_text(actual) + " is not " + json::to_text(expected);
    if (const std::string* text = expected.if_string()) {
      if (*text == "*") return {};
      if (text->starts_with('$')) {
        const auto [variable, is_new] = variables_.try_emplace(text->substr(1), actual);
        return is_new || variable->second == actual ? "" : path + ": " + json::to_text(actual) + " is not " + *text;
      }
      if (text->ends_with('*') && actual.if_string() != nullptr)
        return actual.if_string()->starts_with(text->substr(0, text->size() - 1)) ? "" : differs;
    }
    if (const json::Object* members = expected.if_object()) {
      if (actual.if_object() == nullptr) return differs;
      const bool open = expected.find("...") != nullptr;
      for (const auto& [name, value] : *members) {
        if (name == "...") continue;
        const json::Value* found = actual.find(name);
        if (found == nullptr) return path + "." + name + ": is not there";
        if (auto wrong = compare(*found, value, path + "." + name); !wrong.empty()) return wrong;
      }
      for (const auto& [name, value] : *actual.if_object())
        if (!open && expected.find(name) == nullptr) return path + "." + name + ": is there, " + json::to_text(value);
      return {};
    }
    if (const json::Array* items = expected.if_array()) {
      if (actual.if_array() == nullptr || actual.if_array()->size() != items->size()) return differs;
      for (size_t i = 0; i < items->size(); ++i)
        if (auto wrong = compare((*actual.if_array())[i], (*items)[i], path + "[" + std::to_string(i) + "]");
            !wrong.empty())
          return wrong;
      return {};
    }
    return actual == expected ? "" : differs;
  }

  ApiForTest api_;
  std::map<std::string, json::Value, std::greater<>> variables_;  // longer names before what they begin with
};

class EcsCase : public ::testing::TestWithParam<fs::path> {};

TEST_P(EcsCase, AnswersAsItShould) {
  const auto steps = read_steps(GetParam());
  ASSERT_FALSE(steps.empty());
  Dialogue dialogue(GetParam().stem() == "strict");
  for (const Step& step : steps) {
    SCOPED_TRACE(GetParam().filename().string() + ":" + std::to_string(step.line) + " " + step.head);
    dialogue.run(step);
  }
}

std::vector<fs::path> case_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(FL_SOURCE_DIR) / "tests/cases/ecs"))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

INSTANTIATE_TEST_SUITE_P(Cases, EcsCase, ::testing::ValuesIn(case_files()), [](const auto& param) {
  std::string name = param.param.stem().string();
  std::ranges::replace_if(name, [](char c) { return !is_alnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace fl::control::api
