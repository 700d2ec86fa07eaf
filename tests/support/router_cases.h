// Reads tests/cases/rules*/*.case: cases apart by empty lines, each with routers ("name [priority]: rule"), "---" and
// what is expected; lines that begin with '#' are comments. What stands on the expected lines is its runner's business.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace fl::testing {

struct RouterLine {
  std::string name, rule;
  int64_t priority = 0;
};

struct RouterCase {
  std::string place;  // file:line
  std::vector<RouterLine> routers;
  std::vector<std::string> expected;
};

inline RouterLine parse_router_line(const std::string& line) {
  const size_t colon = line.find(':');
  std::istringstream head(line.substr(0, colon));
  RouterLine router{.rule = std::string(trim(std::string_view(line).substr(colon + 1), " "))};
  head >> router.name >> router.priority;
  return router;
}

// `folder` is one below tests/cases.
inline std::vector<RouterCase> read_router_cases(const std::string& folder) {
  std::vector<RouterCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    std::string line;
    bool in_case = false, in_expected = false;
    for (int number = 1; std::getline(file, line); ++number) {
      if (line.starts_with('#')) continue;
      if (line.empty()) {
        in_case = in_expected = false;
        continue;
      }
      if (!in_case) cases.push_back({entry.path().filename().string() + ":" + std::to_string(number), {}, {}});
      in_case = true;
      if (line == "---")
        in_expected = true;
      else if (in_expected)
        cases.back().expected.push_back(line);
      else
        cases.back().routers.push_back(parse_router_line(line));
    }
  }
  return cases;
}

}  // namespace fl::testing
