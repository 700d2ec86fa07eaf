#include "base/regex.h"

#include <re2/re2.h>

#include <optional>
#include <vector>

#include "base/strings.h"

namespace fl {

struct Regex::Impl {
  Impl(std::string_view written, const std::string& accepted, const RE2::Options& options)
      : pattern(written), re(accepted, options) {}
  std::string pattern;  // as written
  RE2 re;
};

namespace {

// Program and automaton caches of one pattern, in bytes; a pattern that needs more is refused.
constexpr int64_t kMaxMemory = 4 << 20;

// Go writes a named group (?P<n>...) or (?<n>...); this RE2 knows the first form. Text behind a backslash, between
// \Q and \E and in a character class is left alone.
std::string with_named_groups(std::string_view pattern) {
  std::string out;
  out.reserve(pattern.size() + 8);
  bool in_class = false, quoted = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    out += pattern[i];
    if (quoted || rest.starts_with("\\Q")) {
      quoted = !rest.starts_with("\\E");
    } else if (pattern[i] == '\\') {
      if (rest.size() > 1) out += pattern[++i];
    } else if (in_class) {
      in_class = pattern[i] != ']';
    } else if (pattern[i] == '[') {
      in_class = true;
      // A bracket that closes right after the opening (and ^) is a literal.
      for (const char c : {'^', ']'})
        if (i + 1 < pattern.size() && pattern[i + 1] == c) out += pattern[++i];
    } else if (rest.starts_with("(?<")) {
      out += "?P<";
      i += 2;
    }
  }
  return out;
}

// A group reference after `$`: its name and how many bytes it takes. Source: Go, regexp.Expand.
struct Reference {
  std::string_view name;
  size_t size;
};
std::optional<Reference> parse_reference(std::string_view s) {
  const size_t brace = s.starts_with('{');
  size_t end = brace;
  while (end < s.size() && (is_alnum(s[end]) || s[end] == '_')) ++end;
  if (end == brace || (brace && (end == s.size() || s[end] != '}'))) return std::nullopt;
  return Reference{s.substr(brace, end - brace), end + brace};
}

std::string_view group_text(const RE2& re, std::string_view name, const std::vector<re2::StringPiece>& groups) {
  size_t index = groups.size();
  if (const auto number = parse_uint(name); number && (name.size() == 1 || name[0] != '0')) {
    index = *number;
  } else if (const auto it = re.NamedCapturingGroups().find(std::string(name)); it != re.NamedCapturingGroups().end()) {
    index = static_cast<size_t>(it->second);
  }
  if (index >= groups.size() || groups[index].data() == nullptr) return {};
  return {groups[index].data(), groups[index].size()};
}

void expand(std::string& out, std::string_view replacement, const RE2& re,
            const std::vector<re2::StringPiece>& groups) {
  while (!replacement.empty()) {
    const size_t dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == replacement.npos) return;
    replacement.remove_prefix(dollar + 1);
    if (const auto reference = parse_reference(replacement)) {
      out += group_text(re, reference->name, groups);
      replacement.remove_prefix(reference->size);
    } else {
      out += '$';
      if (replacement.starts_with('$')) replacement.remove_prefix(1);
    }
  }
}

// Bytes of the UTF-8 character at `pos`; 1 for anything malformed, 0 at the end.
size_t character_size(std::string_view s, size_t pos) {
  if (pos >= s.size()) return 0;
  const auto lead = static_cast<unsigned char>(s[pos]);
  const size_t want = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  if (pos + want > s.size()) return 1;
  for (size_t i = 1; i < want; ++i)
    if ((static_cast<unsigned char>(s[pos + i]) & 0xC0) != 0x80) return 1;
  return want;
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto impl = std::make_unique<Impl>(pattern, with_named_groups(pattern), options);
  if (!impl->re.ok())
    return fail(Code::invalid, "invalid regular expression \"" + std::string(pattern) + "\": " + impl->re.error());
  return Regex(std::move(impl));
}

Regex::Regex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

bool Regex::matches(std::string_view text) const {
  return impl_->re.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

std::optional<std::string_view> Regex::find(std::string_view text) const {
  re2::StringPiece match;
  if (!impl_->re.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, &match, 1)) return std::nullopt;
  return text.substr(static_cast<size_t>(match.data() - text.data()), match.size());
}

std::string Regex::replace_all(std::string_view text, std::string_view replacement) const {
  const re2::StringPiece subject(text.data(), text.size());
  std::vector<re2::StringPiece> groups(static_cast<size_t>(impl_->re.NumberOfCapturingGroups()) + 1);
  std::string out;
  size_t copied = 0;  // end of the last match
  for (size_t pos = 0; pos <= text.size();) {
    if (!impl_->re.Match(subject, pos, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size())))
      break;
    const size_t begin = static_cast<size_t>(groups[0].data() - subject.data());
    const size_t end = begin + groups[0].size();
    out += text.substr(copied, begin - copied);
    // As in Go, an empty match right after another match is not replaced.
    if (end > copied || begin == 0) expand(out, replacement, impl_->re, groups);
    copied = end;
    pos = std::max(end, pos + std::max<size_t>(character_size(text, pos), 1));
  }
  if (copied < text.size()) out += text.substr(copied);
  return out;
}

std::string_view Regex::pattern() const { return impl_->pattern; }

}  // namespace fl
