#include "http/h1/chunked.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/strings.h"
#include "http/h1/field_line.h"
#include "http/h1/scan.h"

namespace fl::http::h1 {
namespace {
constexpr uint8_t kMaxDigits = 16;
}

void ChunkedDecoder::take_size_byte(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    left_ = left_ << 4 | static_cast<uint64_t>(digit);
    // The sign bit stays free, so that no sum of lengths overflows.
    if (++digits_ > kMaxDigits || left_ >> 63 != 0) fail("chunk size is too large");
    return;
  }
  if (digits_ == 0) return fail("malformed chunk size");
  switch (c) {
    case '\r': state_ = State::size_lf; return;
    case ';': state_ = State::extension; return;
    case ' ':
    case '\t': state_ = State::blank; return;
    default: fail("malformed chunk size");
  }
}

size_t ChunkedDecoder::skip_extension(const char* p, size_t n) {
  const auto length = static_cast<size_t>(find_control(p, p + n) - p);
  extension_excess_ += length;
  if (extension_excess_ > limits_.max_extension_bytes) fail("too many chunk extensions");
  if (length == n || state_ == State::failed) return length;
  if (p[length] == '\r')
    state_ = State::size_lf;
  else
    fail("control byte in a chunk extension");
  return length + 1;
}

void ChunkedDecoder::take_trailer_line(std::string_view line) {
  if (line.empty()) {
    state_ = State::done;
  } else if (trailers_.size() == limits_.max_trailers) {
    fail("too many trailers");
  } else if (const ParseError error = parse_field_line(line, trailers_); error != ParseError::none) {
    fail(describe(error));
  }
}

size_t ChunkedDecoder::take_trailers(const char* p, size_t n) {
  // Not a byte beyond the line: it may belong to the next message.
  const void* const line_feed = std::memchr(p, '\n', n);
  const size_t take = line_feed == nullptr ? n : static_cast<size_t>(static_cast<const char*>(line_feed) - p) + 1;
  if (trailer_text_.size() + take > limits_.max_trailer_bytes) {
    fail("trailers are too large");
    return 0;
  }
  const char* const old_text = trailer_text_.data();
  const size_t old_size = trailer_text_.size();
  trailer_text_.append(p, take);
  Rebase(old_text, old_size, trailer_text_.data())(trailers_);

  std::string_view line;
  switch (trailer_lines_.next(trailer_text_, limits_.max_trailer_bytes, line)) {
    case LineScanner::Found::line: take_trailer_line(line); break;
    case LineScanner::Found::incomplete:
    case LineScanner::Found::too_long: break;
    case LineScanner::Found::bare_line_feed:
    case LineScanner::Found::control: fail("control byte in the trailers"); break;
  }
  return take;
}

ChunkedDecoder::Step ChunkedDecoder::decode(char* bytes, size_t n) {
  size_t in = 0;
  char* data = bytes;  // the decoded bytes of this call
  size_t data_size = 0;
  while (in < n && state_ != State::done && state_ != State::failed) {
    switch (state_) {
      case State::size: take_size_byte(bytes[in++]); break;
      case State::blank: {  // BWS, which only a ';' may follow
        const char c = bytes[in++];
        if (c == ';')
          state_ = State::extension;
        else if (c != ' ' && c != '\t')
          fail("malformed chunk size");
        else if (++extension_excess_ > limits_.max_extension_bytes)
          fail("too many chunk extensions");
        break;
      }
      case State::extension: in += skip_extension(bytes + in, n - in); break;
      case State::size_lf:
        if (bytes[in++] != '\n')
          fail("chunk size line does not end in CRLF");
        else
          state_ = left_ == 0 ? State::trailer : State::data;
        break;
      case State::data: {
        const size_t take = static_cast<size_t>(std::min<uint64_t>(left_, n - in));
        if (data_size == 0)
          data = bytes + in;
        else
          std::memmove(data + data_size, bytes + in, take);
        data_size += take;
        in += take;
        left_ -= take;
        extension_excess_ -= std::min<uint64_t>(extension_excess_, take);
        if (left_ == 0) state_ = State::data_cr;
        break;
      }
      case State::data_cr:
        if (bytes[in++] != '\r')
          fail("chunk does not end in CRLF");
        else
          state_ = State::data_lf;
        break;
      case State::data_lf:
        if (bytes[in++] != '\n')
          fail("chunk does not end in CRLF");
        else
          state_ = State::size;
        digits_ = 0;
        break;
      case State::trailer: in += take_trailers(bytes + in, n - in); break;
      case State::done:
      case State::failed: std::unreachable();
    }
  }
  return {.data = {data, data_size},
          .consumed = in,
          .progress = state_ == State::done     ? Progress::done
                      : state_ == State::failed ? Progress::failed
                                                : Progress::incomplete};
}

size_t write_chunk_head(char* out, uint64_t size) {
  const int digits = std::max(1, (67 - std::countl_zero(size)) / 4);
  for (int i = digits; i-- > 0; size >>= 4) out[i] = "0123456789abcdef"[size & 15];
  out[digits] = '\r';
  out[digits + 1] = '\n';
  return static_cast<size_t>(digits) + 2;
}

}  // namespace fl::http::h1
