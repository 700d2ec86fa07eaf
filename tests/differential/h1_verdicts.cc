// Prints what our HTTP/1 codec makes of messages, one line of JSON each, for h1_llhttp.js to compare. Standard input:
// records of one byte 'Q' (request) or 'S' (response), the length as four bytes little-endian, the message. Text is in
// hexadecimal.
#include <fmt/core.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "http/h1/chunked.h"
#include "http/h1/parser.h"

namespace {

using namespace fl::http;
using namespace fl::http::h1;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char c : bytes) text += fmt::format("{:02x}", c);
  return text;
}

std::string fields_json(const HeaderMap& fields) {
  std::string text;
  for (const Field& field : fields) {
    if (!text.empty()) text += ',';
    text += fmt::format(R"(["{}","{}"])", hex(field.name), hex(field.value));
  }
  return "[" + text + "]";
}

std::string incomplete() { return R"({"verdict":"incomplete"})"; }
std::string failed(std::string_view why) { return fmt::format(R"({{"verdict":"failed","why":"{}"}})", why); }

// `start` is what the start line said, as JSON members.
template <class Head>
std::string with_body(const Head& head, std::string rest, const std::string& start) {
  std::string_view body;
  switch (head.framing) {
    case Framing::none: break;
    case Framing::length:
      if (rest.size() < head.content_length) return incomplete();
      body = std::string_view(rest).substr(0, head.content_length);
      break;
    case Framing::chunked: {
      ChunkedDecoder decoder;
      const auto step = decoder.decode(rest.data(), rest.size());
      if (step.progress == Progress::incomplete) return incomplete();
      if (step.progress == Progress::failed) return failed(decoder.error());
      body = step.data;
      break;
    }
    case Framing::until_close: body = rest; break;
  }
  return fmt::format(R"({{"verdict":"done",{},"version":"{}","keep":{},"fields":{},"body":"{}"}})", start,
                     head.version == Version::http10 ? "1.0" : "1.1", head.keep_alive, fields_json(head.headers),
                     hex(body));
}

std::string request(const std::string& bytes) {
  RequestParser parser{HeadLimits{}};
  RequestHead head;
  const Progress progress = parser.parse(bytes, head);
  if (progress == Progress::incomplete) return incomplete();
  if (progress == Progress::failed) return failed(describe(parser.error()));
  std::string target;
  if (!head.scheme.empty()) target.append(head.scheme).append("://").append(head.authority);
  target.append(head.path);
  if (head.has_query) target.append("?").append(head.query);
  return with_body(head, bytes.substr(parser.head_size()),
                   fmt::format(R"("method":"{}","target":"{}")", hex(head.method), hex(target)));
}

std::string response(const std::string& bytes) {
  ResponseParser parser{HeadLimits{}};
  ResponseHead head;
  const Progress progress = parser.parse(bytes, head);
  if (progress == Progress::incomplete) return incomplete();
  if (progress == Progress::failed) return failed(describe(parser.error()));
  return with_body(head, bytes.substr(parser.head_size()),
                   fmt::format(R"("status":{},"reason":"{}")", head.status, hex(head.reason)));
}

}  // namespace

int main() {
  for (;;) {
    const int kind = std::getchar();
    if (kind == EOF) return 0;
    unsigned char size[4];
    if (std::fread(size, 1, sizeof size, stdin) != sizeof size) return 1;
    std::string bytes(size[0] | size[1] << 8 | size[2] << 16 | static_cast<size_t>(size[3]) << 24, '\0');
    if (std::fread(bytes.data(), 1, bytes.size(), stdin) != bytes.size()) return 1;
    std::puts((kind == 'Q' ? request(bytes) : response(bytes)).c_str());
  }
}
