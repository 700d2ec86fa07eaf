// Flat settings with a path ("http.routers.web.rule" = "Host(`a.test`)") -> Value tree. Flags, environment variables
// and labels are such settings; they differ in how they name the path. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/issue.h"
#include "config/schema.h"
#include "config/value.h"

namespace fl::config {

struct Setting {
  std::vector<std::string> path;  // "[0]" is the element of a list
  std::string value;
  std::string source;  // "flag --x", "env X", "label x"
};

// "a.b[0].c" -> a, b, [0], c. Errors: an empty segment, one that begins with a bracket, an index that is no number,
// more than 64 segments.
Result<std::vector<std::string>> split_path(std::string_view path);

// Puts the settings into one tree, in the order given. Names that differ in letter case only are the same name, spelled
// as the first one. A setting may be a leaf and a group at once (`tls=true`, `tls.options=x`). Issues: a path that is
// a list in one setting and a group in another; a path set twice (the last one counts).
Document build_tree(std::span<const Setting> settings, std::vector<Issue>& issues);

// What a path leads to in a schema. No type: nothing, or, when there is a field, a group known by name only.
struct Destination {
  const Type* type = nullptr;
  const Field* field = nullptr;   // the field the path ends in; null for an entry of a map or list
  const Schema* owner = nullptr;  // of that field
};
Destination resolve(const Type& root, std::span<const std::string> path);

// "ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS_0_MAIN" -> entrypoints, web, http, tls, domains, [0], main. A number is an index
// where the schema has a list. Errors: as split_path.
Result<std::vector<std::string>> split_variable(std::string_view name, const Type& root);

}  // namespace fl::config
