// The half of head parsing that requests and responses share: lines, fields, framing, limits. A parser reads its start
// line through it, then the fields, then asks what they said. Lives in a parser, on its worker thread.
//
//   start_line() -> (the parser's own grammar) -> fields() -> ended
//        \__________________ fail() ______________/
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/h1/line_scanner.h"
#include "http/h1/parse_error.h"
#include "http/head.h"

namespace fl::http::h1 {

enum class Progress : uint8_t { incomplete, done, failed };

struct HeadLimits {
  uint32_t max_head_bytes = 1 << 20;    // start line and fields, RFC 6585 431
  uint32_t max_target_bytes = 1 << 16;  // RFC 9110 15.5.15 414
  uint32_t max_fields = 1000;
};

// Carries views from the place a buffer was at to where it is now; views into other memory stay as they are.
class Rebase {
 public:
  Rebase(const char* from, size_t size, const char* to)
      : from_(reinterpret_cast<uintptr_t>(from)), size_(size), to_(to) {}
  void operator()(std::string_view& view) const {
    const uintptr_t offset = reinterpret_cast<uintptr_t>(view.data()) - from_;
    if (offset < size_) view = {to_ + offset, view.size()};
  }
  void operator()(HeaderMap& fields) const {
    for (Field& field : fields) {
      (*this)(field.name);
      (*this)(field.value);
    }
  }

 private:
  uintptr_t from_;  // a number: that memory may be gone
  size_t size_;
  const char* to_;
};

// What the fields say about the message as a whole. Refuses at the first field that makes it ambiguous.
class MessageFields {
 public:
  enum class Of : uint8_t { request, response };

  ParseError take(const Field& field, Of of, Version version);

  bool has_length() const { return has_length_; }
  uint64_t content_length() const { return content_length_; }
  // `length`, `chunked`, or `none` when the fields name neither.
  Framing framing() const { return chunked_ ? Framing::chunked : has_length_ ? Framing::length : Framing::none; }
  // RFC 9112 9.3: close wins over keep-alive.
  bool keep_alive(Version version) const { return !close_ && (version == Version::http11 || keep_alive_); }
  // Exactly one Upgrade field that Connection lists; several are as good as none (RFC 9110 7.8 lets us ignore it).
  bool upgrades(Version version) const { return version == Version::http11 && upgrade_listed_ && upgrades_ == 1; }
  bool expects_continue() const { return expects_continue_; }

 private:
  ParseError take_transfer_encoding(std::string_view value, Version version);
  void take_connection(std::string_view options);

  uint64_t content_length_ = 0;
  uint32_t upgrades_ = 0;
  bool has_length_ = false;
  bool chunked_ = false;
  bool has_host_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool upgrade_listed_ = false;
  bool expects_continue_ = false;
};

class HeadReader {
 public:
  explicit HeadReader(const HeadLimits& limits) : limits_(limits) {}
  void reset() { *this = HeadReader(limits_); }

  // To be called first with every new state of the buffer; a Rebase when it has moved since the last call.
  std::optional<Rebase> enter(std::string_view buffer);

  // The next line as start line, which has to end within `max_bytes`. Control bytes in it are `on_control`.
  Progress start_line(std::string_view buffer, size_t max_bytes, ParseError on_too_long, ParseError on_control,
                      std::string_view& line);
  // Reads field lines into `fields` up to the empty line.
  Progress fields(std::string_view buffer, MessageFields::Of of, Version version, HeaderMap& fields);

  void start_line_accepted() { phase_ = Phase::fields; }
  Progress fail(ParseError error);

  bool wants_start_line() const { return phase_ == Phase::start_line; }
  bool ended() const { return phase_ == Phase::ended; }
  const HeadLimits& limits() const { return limits_; }
  const MessageFields& said() const { return said_; }
  size_t head_size() const { return head_size_; }
  ParseError error() const { return error_; }

 private:
  enum class Phase : uint8_t { start_line, fields, ended };

  HeadLimits limits_;
  LineScanner lines_;
  MessageFields said_;
  const char* base_ = nullptr;  // where the buffer was at the last call, and how much of it
  size_t size_ = 0;
  size_t head_size_ = 0;
  Phase phase_ = Phase::start_line;
  ParseError error_ = ParseError::none;
};

}  // namespace fl::http::h1
