// One thing wrong with a configuration: where it was written, which option it is about, and what to do. Issues are
// collected, never thrown: a file with five mistakes reports five.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace fl::config {

enum class Severity : uint8_t { warning, error };

struct Issue {
  Severity severity = Severity::error;
  std::string where;  // "dynamic.yaml:3:7", "flag --x", "label x"; empty when it is about the whole
  std::string path;   // "http.routers.web.rule"
  std::string text;
  std::string kind;    // the named object it belongs to: "http.routers"; empty when it belongs to none
  std::string object;  // its name: "web"

  // "dynamic.yaml:3:7: http.routers.web.rul: unknown option; did you mean rule?"
  std::string to_text() const;
};

bool has_errors(const std::vector<Issue>& issues);
// One line an issue, for a message that lists all of them.
std::string to_text(const std::vector<Issue>& issues);

}  // namespace fl::config
