// Query parameters read in place: nothing is decoded before a key is asked for, and nothing is copied to compare.
// Source: Go, url.ParseQuery: pairs end at '&'; one with ';' or a bad escape in it does not exist; '+' is a space.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace fl::proxy::rules {

// Every '%' is followed by two hex digits.
bool has_valid_escapes(std::string_view encoded);
// The decoded form of `encoded`, whose escapes are valid, equals `text`.
bool decodes_to(std::string_view encoded, std::string_view text);
// Writes the decoded form, at most encoded.size() bytes, to `out`; returns its length. Escapes must be valid.
size_t decode_query(std::string_view encoded, char* out);

// Calls `predicate(encoded value)` for each value of `key`, in order, until it answers true; says whether it did.
// The value of a key without '=' is empty.
template <class Predicate>
bool any_query_value(std::string_view query, std::string_view key, Predicate predicate) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == query.npos ? std::string_view{} : query.substr(end + 1);
    const size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = equals == pair.npos ? std::string_view{} : pair.substr(equals + 1);
    if (pair.empty() || pair.find(';') != pair.npos || !has_valid_escapes(pair)) continue;
    if (decodes_to(name, key) && predicate(value)) return true;
  }
  return false;
}

}  // namespace fl::proxy::rules
