// Go's text/template with Sprig's functions: what Traefik runs over configuration files and default rules before it
// reads them. Compiled once, then rendered any number of times; immutable, any thread.
//
// Values are JSON values: bool, integer, real, text, list, map. There are no methods and no nested types.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "providers/gotemplate/functions.h"

namespace fl::providers::gotemplate {

struct Tree;

class Template {
 public:
  // Errors: "name:line:column: what".
  static Result<Template> parse(std::string name, std::string source, Dialect dialect);
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // Fails on a field that `data` does not have, a wrong argument or type, output above 16 MiB, and after
  // 1,000,000 steps.
  Result<std::string> render(const json::Value& data) const;

 private:
  Template(std::string name, std::string source, std::unique_ptr<const Tree> tree);

  std::string name_;
  std::string source_;
  std::unique_ptr<const Tree> tree_;
};

// Whether there is anything to render: text without {{ is its own result.
inline bool is_template(std::string_view text) { return text.find("{{") != text.npos; }

}  // namespace fl::providers::gotemplate
