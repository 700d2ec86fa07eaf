// Variables and files that AWS settings come from, as an interface so that tests bring their own. Main thread; reading
// a file blocks, these are small.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace fl::aws {

class Environment {
 public:
  virtual ~Environment() = default;
  // Empty when unset; AWS does not tell the two apart.
  virtual std::string variable(const std::string& name) const = 0;
  // Errors: not_found; denied or unavailable with the reason.
  virtual Result<std::string> read_file(const std::string& path) const = 0;
};

// The process's own; lives for ever.
const Environment& process_environment();

// Given variables and the real file system.
class FixedEnvironment final : public Environment {
 public:
  explicit FixedEnvironment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}
  std::string variable(const std::string& name) const override;
  Result<std::string> read_file(const std::string& path) const override;

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace fl::aws
