// Value tree -> configuration struct. Collects every problem as an Issue instead of stopping at the first; what is
// right is decoded all the same. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "config/issue.h"
#include "config/schema.h"
#include "config/value.h"

namespace fl::config {

// Where the tree came from; decides which fields exist and which names they have.
enum class Form : uint8_t { file, path, label };

// Decodes `value` over what `out` (an object of `type`) already holds. Names are compared without regard to letter
// case; keys of maps keep theirs. Unknown options, wrong types and groups without content become errors, an option
// without a value a warning. An entry of a kObjects field that has an error is taken out again and named in its
// issues. Source: Traefik, paerser rules.
void decode(const Value& value, Form form, const Type& type, void* out, std::vector<Issue>& issues);

template <class T>
std::vector<Issue> decode(const Value& value, Form form, T& out) {
  std::vector<Issue> issues;
  decode(value, form, type_of<T>, &out, issues);
  return issues;
}

}  // namespace fl::config
