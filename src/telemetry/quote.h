// Text of strangers made safe to stand in a line of a log. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace fl::telemetry {

// Appends what Go's strconv.Quote puts between its quotes: \" \\ \n \x1b; bytes that are no UTF-8 as \xff; control and
// invisible code points as \u202e.
void append_escaped(std::string& out, std::string_view s);

// Appends a JSON string with its quotes, < > & escaped as Go's encoder does; bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view s);

}  // namespace fl::telemetry
