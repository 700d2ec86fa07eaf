#include "http/h1/head_reader.h"

#include <algorithm>

#include "http/grammar.h"
#include "http/h1/field_line.h"
#include "http/h1/target.h"

namespace fl::http::h1 {

ParseError MessageFields::take(const Field& field, Of of, Version version) {
  switch (field.id) {
    case HeaderId::content_length: {
      const auto length = parse_content_length(field.value);
      if (!length) return ParseError::bad_content_length;
      // RFC 9112 6.3 rule 5 would allow equal duplicates; a sender that writes two is not to be trusted with framing.
      if (has_length_ || chunked_) return ParseError::conflicting_framing;
      has_length_ = true;
      content_length_ = *length;
      return ParseError::none;
    }
    case HeaderId::transfer_encoding: return take_transfer_encoding(field.value, version);
    case HeaderId::connection: take_connection(field.value); return ParseError::none;
    case HeaderId::upgrade: ++upgrades_; return ParseError::none;
    case HeaderId::host:
      if (of == Of::response) return ParseError::none;
      if (has_host_) return ParseError::bad_host;
      has_host_ = true;
      // An http URI has a host (RFC 9110 4.2.1); only HTTP/1.0 clients may not know theirs.
      if (field.value.empty()) return version == Version::http10 ? ParseError::none : ParseError::bad_host;
      return is_authority(field.value) ? ParseError::none : ParseError::bad_host;
    case HeaderId::expect:
      if (of == Of::response || version == Version::http10) return ParseError::none;  // RFC 9110 10.1.1
      if (!iequals(field.value, "100-continue")) return ParseError::bad_expectation;
      expects_continue_ = true;
      return ParseError::none;
    default: return ParseError::none;
  }
}

// Only `chunked`, once, in HTTP/1.1 (RFC 9112 6.1): we do no other coding, and lists are where parsers disagree.
ParseError MessageFields::take_transfer_encoding(std::string_view value, Version version) {
  if (has_length_ || chunked_ || version == Version::http10) return ParseError::conflicting_framing;
  if (!iequals(value, "chunked")) return ParseError::unknown_transfer_coding;
  chunked_ = true;
  return ParseError::none;
}

void MessageFields::take_connection(std::string_view options) {
  for_each_item(options, [this](std::string_view option) {
    close_ |= iequals(option, "close");
    keep_alive_ |= iequals(option, "keep-alive");
    upgrade_listed_ |= iequals(option, "upgrade");
  });
}

std::optional<Rebase> HeadReader::enter(std::string_view buffer) {
  std::optional<Rebase> moved;
  if (base_ != nullptr && base_ != buffer.data()) moved.emplace(base_, size_, buffer.data());
  base_ = buffer.data();
  size_ = buffer.size();
  return moved;
}

Progress HeadReader::start_line(std::string_view buffer, size_t max_bytes, ParseError on_too_long,
                                ParseError on_control, std::string_view& line) {
  const size_t own_limit = lines_.position() + max_bytes;
  const size_t limit = std::min<size_t>(own_limit, limits_.max_head_bytes);
  switch (lines_.next(buffer, limit, line)) {
    case LineScanner::Found::line: return Progress::done;
    case LineScanner::Found::incomplete: return Progress::incomplete;
    case LineScanner::Found::too_long: return fail(limit == own_limit ? on_too_long : ParseError::head_too_large);
    case LineScanner::Found::bare_line_feed: return fail(ParseError::bare_line_feed);
    case LineScanner::Found::control: break;
  }
  return fail(on_control);
}

Progress HeadReader::fields(std::string_view buffer, MessageFields::Of of, Version version, HeaderMap& fields) {
  for (;;) {
    std::string_view line;
    switch (lines_.next(buffer, limits_.max_head_bytes, line)) {
      case LineScanner::Found::line: break;
      case LineScanner::Found::incomplete: return Progress::incomplete;
      case LineScanner::Found::too_long: return fail(ParseError::head_too_large);
      case LineScanner::Found::bare_line_feed: return fail(ParseError::bare_line_feed);
      case LineScanner::Found::control:
        return fail(line.contains(':') ? ParseError::bad_field_value : ParseError::bad_field_name);
    }
    if (line.empty()) {
      phase_ = Phase::ended;
      head_size_ = lines_.position();
      return Progress::done;
    }
    if (fields.size() == limits_.max_fields) return fail(ParseError::too_many_fields);
    if (const ParseError error = parse_field_line(line, fields); error != ParseError::none) return fail(error);
    const Field& field = fields[fields.size() - 1];
    if (const ParseError error = said_.take(field, of, version); error != ParseError::none) return fail(error);
  }
}

Progress HeadReader::fail(ParseError error) {
  phase_ = Phase::ended;
  error_ = error;
  return Progress::failed;
}

}  // namespace fl::http::h1
