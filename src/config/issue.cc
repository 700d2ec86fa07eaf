#include "config/issue.h"

#include <algorithm>

namespace fl::config {

std::string Issue::to_text() const {
  std::string out;
  for (const std::string* part : {&where, &path})
    if (!part->empty()) out += *part + ": ";
  return out + text;
}

bool has_errors(const std::vector<Issue>& issues) {
  return std::ranges::any_of(issues, [](const Issue& issue) { return issue.severity == Severity::error; });
}

std::string to_text(const std::vector<Issue>& issues) {
  std::string out;
  for (const Issue& issue : issues) out += issue.to_text() + "\n";
  return out;
}

}  // namespace fl::config
