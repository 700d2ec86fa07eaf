#include "http/h1/parser.h"

#include <utility>

#include "base/strings.h"
#include "http/grammar.h"
#include "http/h1/field_line.h"
#include "http/h1/target.h"

namespace fl::http::h1 {
namespace {

constexpr size_t kVersionBytes = 8;  // "HTTP/1.1"
constexpr size_t kMaxMethodBytes = 64;

ParseError parse_version(std::string_view text, Version& version) {
  if (text == "HTTP/1.1") {
    version = Version::http11;
    return ParseError::none;
  }
  if (text == "HTTP/1.0") {
    version = Version::http10;
    return ParseError::none;
  }
  const bool well_formed = text.size() == kVersionBytes && text.starts_with("HTTP/") && is_digit(text[5]) &&
                           text[6] == '.' && is_digit(text[7]);
  return well_formed ? ParseError::unsupported_version : ParseError::bad_version;
}

// method SP request-target SP HTTP-version (RFC 9112 3), each SP exactly one.
ParseError parse_request_line(std::string_view line, const HeadLimits& limits, RequestHead& head) {
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end == target_end) return ParseError::bad_request_line;  // none, or HTTP/0.9's only one

  head.method = line.substr(0, method_end);
  if (head.method.size() > kMaxMethodBytes || !is_token(head.method)) return ParseError::bad_method;
  head.method_id = classify_method(head.method);

  const ParseError error = parse_version(line.substr(target_end + 1), head.version);
  if (error != ParseError::none) return error;
  if (head.method_id == Method::connect) return ParseError::connect_refused;

  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  if (target.size() > limits.max_target_bytes) return ParseError::target_too_long;
  return parse_target(target, head) ? ParseError::none : ParseError::bad_target;
}

// HTTP-version SP status-code [ SP [ reason-phrase ] ]: RFC 9112 4 wants the second SP, servers in use leave it out.
ParseError parse_status_line(std::string_view line, ResponseHead& head) {
  if (line.size() <= kVersionBytes || line[kVersionBytes] != ' ') return ParseError::bad_status_line;
  const ParseError error = parse_version(line.substr(0, kVersionBytes), head.version);
  if (error != ParseError::none) return error == ParseError::bad_version ? ParseError::bad_status_line : error;

  line.remove_prefix(kVersionBytes + 1);
  const std::string_view code = line.substr(0, line.find(' '));
  if (code.size() != 3 || !is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2])) return ParseError::bad_status;
  head.status = static_cast<uint16_t>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  if (head.status < 100 || head.status > 599) return ParseError::bad_status;
  if (line.size() > 4) head.reason = line.substr(4);
  return ParseError::none;
}

// What only the whole head can tell.
ParseError complete(const MessageFields& said, RequestHead& head) {
  const std::string_view* const host = head.headers.find(HeaderId::host);
  if (host == nullptr && head.version == Version::http11) return ParseError::missing_host;
  if (head.scheme.empty()) {
    if (host != nullptr) head.authority = *host;
  } else if (host != nullptr) {
    head.headers.set_first(HeaderId::host, head.authority);  // RFC 9112 3.2.2: the target's host is the request's
  }
  head.framing = said.framing();
  head.content_length = said.content_length();
  head.keep_alive = said.keep_alive(head.version);
  head.expects_continue = said.expects_continue() && (head.framing == Framing::chunked || head.content_length > 0);
  if (said.upgrades(head.version)) head.upgrade = *head.headers.find(HeaderId::upgrade);
  return ParseError::none;
}

void complete(const MessageFields& said, ResponseHead& head) {
  const bool has_no_body = head.status < 200 || head.status == 204 || head.status == 304;
  head.has_content_length = said.has_length();
  head.content_length = said.content_length();
  head.framing = said.framing();
  if (head.framing == Framing::none) head.framing = Framing::until_close;
  if (has_no_body) head.framing = Framing::none;
  head.keep_alive = said.keep_alive(head.version) && head.framing != Framing::until_close;
  if (said.upgrades(head.version)) head.upgrade = *head.headers.find(HeaderId::upgrade);
}

Progress last_verdict(const HeadReader& reader) {
  return reader.error() == ParseError::none ? Progress::done : Progress::failed;
}

}  // namespace

Progress RequestParser::parse(std::string_view buffer, RequestHead& head) {
  if (const auto rebase = reader_.enter(buffer)) {
    for (std::string_view* view : {&head.method, &head.scheme, &head.authority, &head.path, &head.query, &head.upgrade})
      (*rebase)(*view);
    (*rebase)(head.headers);
  }
  if (reader_.ended()) return last_verdict(reader_);

  if (reader_.wants_start_line()) {
    const size_t max_line = reader_.limits().max_target_bytes + kMaxMethodBytes + kVersionBytes + 4;  // SP SP CRLF
    std::string_view line;
    for (;;) {
      const Progress progress =
          reader_.start_line(buffer, max_line, ParseError::target_too_long, ParseError::bad_request_line, line);
      if (progress != Progress::done) return progress;
      if (!line.empty() || skipped_empty_line_) break;
      skipped_empty_line_ = true;
    }
    clear_keeping_memory(head);
    const ParseError error = parse_request_line(line, reader_.limits(), head);
    if (error != ParseError::none) return reader_.fail(error);
    reader_.start_line_accepted();
  }

  const Progress progress = reader_.fields(buffer, MessageFields::Of::request, head.version, head.headers);
  if (progress != Progress::done) return progress;
  const ParseError error = complete(reader_.said(), head);
  return error == ParseError::none ? Progress::done : reader_.fail(error);
}

Progress ResponseParser::parse(std::string_view buffer, ResponseHead& head) {
  if (const auto rebase = reader_.enter(buffer)) {
    (*rebase)(head.reason);
    (*rebase)(head.upgrade);
    (*rebase)(head.headers);
  }
  if (reader_.ended()) return last_verdict(reader_);

  if (reader_.wants_start_line()) {
    std::string_view line;
    const Progress progress = reader_.start_line(buffer, reader_.limits().max_head_bytes, ParseError::head_too_large,
                                                 ParseError::bad_status_line, line);
    if (progress != Progress::done) return progress;
    clear_keeping_memory(head);
    const ParseError error = parse_status_line(line, head);
    if (error != ParseError::none) return reader_.fail(error);
    reader_.start_line_accepted();
  }

  const Progress progress = reader_.fields(buffer, MessageFields::Of::response, head.version, head.headers);
  if (progress == Progress::done) complete(reader_.said(), head);
  return progress;
}

}  // namespace fl::http::h1
