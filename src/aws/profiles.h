// The shared configuration files, ~/.aws/config and ~/.aws/credentials. Immutable once loaded; any thread.
// Source: "Configuration and credential file settings", AWS CLI user guide.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/environment.h"
#include "base/result.h"

namespace fl::aws {

using Settings = std::map<std::string, std::string>;  // of one profile; names in lower case

class Profiles {
 public:
  // Files that do not exist are empty. AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and AWS_PROFILE are obeyed.
  // Errors: a file cannot be read or parsed, with its name and line.
  static Result<Profiles> load(const Environment& environment);

  // Null when there is none of that name.
  const Settings* find(std::string_view name) const;
  // A setting of the active profile; empty when absent.
  std::string active_setting(const std::string& key) const;

  const std::string& active() const { return active_; }
  bool is_chosen() const { return is_chosen_; }  // AWS_PROFILE names it, so it has to exist

 private:
  std::map<std::string, Settings, std::less<>> profiles_;
  std::string active_ = "default";
  bool is_chosen_ = false;
};

// Sections by their heading as written. `file` is for error messages.
Result<std::map<std::string, Settings>> parse_ini(std::string_view text, std::string_view file);

}  // namespace fl::aws
