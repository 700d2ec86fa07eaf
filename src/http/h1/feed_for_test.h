// Test support for the head parsers: feeds bytes in pieces, each time from a fresh allocation of the exact size (the
// old one is freed, so a stale view or a read beyond the end shows under ASan), and renders what came out as text.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "http/h1/parser.h"

namespace fl::http::h1 {

// A copy whose exact end ASan knows.
inline std::unique_ptr<char[]> exact_copy(std::string_view bytes) {
  auto copy = std::make_unique_for_overwrite<char[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}

inline std::string render_fields(const HeaderMap& fields) {
  std::string text;
  for (const Field& field : fields) {
    text.append("|").append(field.name).append(": ").append(field.value);
    if (field.id != classify_header(field.name)) text.append(" WRONG ID");
  }
  return text;
}

inline std::string render_framing(Framing framing, uint64_t length) {
  switch (framing) {
    case Framing::none: return "none";
    case Framing::length: return "length " + std::to_string(length);
    case Framing::chunked: return "chunked";
    case Framing::until_close: return "until_close";
  }
  return {};
}

// "GET http://host/path?query 1.1 none keep|Host: host"
inline std::string render(const RequestHead& head) {
  std::string text(head.method);
  text.append(" ");
  if (!head.scheme.empty()) text.append(head.scheme).append("://");
  text.append(head.authority).append(" ").append(head.path);
  if (head.has_query) text.append("?").append(head.query);
  text.append(head.version == Version::http10 ? " 1.0 " : " 1.1 ");
  text.append(render_framing(head.framing, head.content_length));
  text.append(head.keep_alive ? " keep" : " close");
  if (head.expects_continue) text.append(" continue");
  if (!head.upgrade.empty()) text.append(" upgrade=").append(head.upgrade);
  return text + render_fields(head.headers);
}

inline std::string render(const ResponseHead& head) {
  std::string text = std::to_string(head.status);
  text.append(" '").append(head.reason).append(head.version == Version::http10 ? "' 1.0 " : "' 1.1 ");
  text.append(render_framing(head.framing, head.content_length));
  if (head.has_content_length && head.framing != Framing::length)
    text.append(" told ").append(std::to_string(head.content_length));
  text.append(head.keep_alive ? " keep" : " close");
  if (!head.upgrade.empty()) text.append(" upgrade=").append(head.upgrade);
  return text + render_fields(head.headers);
}

// "incomplete", "failed: <error>" or the rendered head, "+ N bytes" when N are left over.
// `next_size(size, total)` says how many bytes the parser is shown after it has seen `size`; at most `total`.
template <class Parser, class Head, class NextSize>
std::string feed(Parser& parser, std::string_view bytes, NextSize next_size) {
  Head head;
  std::unique_ptr<char[]> buffer;
  for (size_t size = 0;;) {
    size = next_size(size, bytes.size());
    auto moved = exact_copy(bytes.substr(0, size));
    const Progress progress = parser.parse({moved.get(), size}, head);
    buffer = std::move(moved);
    if (progress == Progress::failed) return "failed: " + std::string(describe(parser.error()));
    if (progress == Progress::incomplete && size < bytes.size()) continue;
    if (progress == Progress::incomplete) return "incomplete";
    // Once more from elsewhere: the caller may move the buffer while the body arrives.
    moved = exact_copy(bytes.substr(0, size));
    parser.parse({moved.get(), size}, head);
    buffer = std::move(moved);
    const size_t rest = bytes.size() - parser.head_size();
    return render(head) + (rest != 0 ? " + " + std::to_string(rest) + " bytes" : "");
  }
}

// The verdict, which must not depend on how the bytes are cut; says so if it does.
template <class Parser, class Head>
std::string verdict(std::string_view bytes, const HeadLimits& limits = {}) {
  Parser parser(limits);
  const auto at_once = [](size_t, size_t total) { return total; };
  const std::string whole = feed<Parser, Head>(parser, bytes, at_once);
  parser.reset();
  if (bytes.size() < 5000) {
    const auto by_byte = [](size_t size, size_t) { return size + 1; };
    const std::string trickled = bytes.empty() ? whole : feed<Parser, Head>(parser, bytes, by_byte);
    if (trickled != whole) return "at once <" + whole + "> but byte by byte <" + trickled + ">";
  }
  std::minstd_rand random(static_cast<unsigned>(bytes.size()) + 1);
  for (int i = 0; i < 5; ++i) {
    parser.reset();
    const size_t step = 1 + bytes.size() / 4;
    const auto in_pieces = [&](size_t size, size_t total) { return std::min(total, size + 1 + random() % step); };
    const std::string split = feed<Parser, Head>(parser, bytes, in_pieces);
    if (split != whole) return "at once <" + whole + "> but in pieces <" + split + ">";
  }
  return whole;
}

}  // namespace fl::http::h1
