// Text of strangers made safe to stand in a line of a log. Pure; any thread.
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

namespace fl::telemetry {

// Appends the parts in one go: for short parts several times faster than one append each.
inline void append_all(std::string& out, std::initializer_list<std::string_view> parts) {
  const size_t before = out.size();
  size_t size = before;
  for (const auto part : parts) size += part.size();
  out.resize_and_overwrite(size, [&](char* text, size_t) {
    char* end = text + before;
    for (const auto part : parts)
      end = part.empty() ? end : static_cast<char*>(std::memcpy(end, part.data(), part.size())) + part.size();
    return size;
  });
}

// Appends what Go's strconv.Quote puts between its quotes: \" \\ \n \x1b; bytes that are no UTF-8 as \xff; control and
// invisible code points as \u202e.
void append_escaped(std::string& out, std::string_view s);

// True when the text stands in a JSON string as it is.
bool is_plain_json(std::string_view s);
// Appends a JSON string with its quotes, < > & escaped as Go's encoder does; bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view s);

}  // namespace fl::telemetry
