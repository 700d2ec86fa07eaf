// How Go's fmt package prints values: {{ .X }} and printf. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

namespace fl::providers::gotemplate {

// fmt.Sprint's %v: nil is <nil>, a list [a b], a map map[a:1 b:2].
void append_printed(std::string& out, const json::Value& value);
std::string printed(const json::Value& value);

// What a {{ }} writes: as printed(), but nil is <no value>.
std::string output_of(const json::Value& value);

// fmt.Sprintf with the verbs v s q d x X o b c t f e g and %, flags - + 0 space, width and precision to 1000.
// What does not fit is written as Go writes it: %!d(string=x), %!s(MISSING), %!(EXTRA int=1).
std::string sprintf(std::string_view format, std::span<const json::Value> args);

// Go's name of the type: string, int, float64, bool, map, slice, invalid.
std::string_view kind_of(const json::Value& value);

}  // namespace fl::providers::gotemplate
