// Regular expressions with Go's semantics (RE2). Matching takes time linear in the text. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl {

class Regex {
 public:
  // `(?<name>` is accepted beside `(?P<name>`. Errors: the pattern is not valid RE2, with RE2's reason.
  static Result<Regex> compile(std::string_view pattern);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Unanchored.
  bool matches(std::string_view text) const;
  // The leftmost match, a view of `text`.
  std::optional<std::string_view> find(std::string_view text) const;

  // Go's Regexp.ReplaceAllString: every match is replaced, with $1, ${1}, $name and $$ in the template.
  std::string replace_all(std::string_view text, std::string_view replacement) const;

  std::string_view pattern() const;

 private:
  struct Impl;
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fl
