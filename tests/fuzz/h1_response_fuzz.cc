// Responses: no crash, the same verdict however the bytes are cut, and what we send on is understood as the same.
#include <cstdint>
#include <cstdlib>

#include "http/h1/feed_for_test.h"
#include "http/h1/writer.h"

using namespace fl::http;
using namespace fl::http::h1;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const HeadLimits limits{.max_head_bytes = 2048, .max_fields = 20};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  require(!verdict<ResponseParser, ResponseHead>(bytes, limits).starts_with("at once <"));

  ResponseParser parser(limits);
  ResponseHead head;
  if (parser.parse(bytes, head) != Progress::done) return 0;
  require(parser.head_size() <= size && head.status >= 100 && head.status <= 599);
  std::string once(response_head_bound(head), '\0');
  once.resize(write_response_head(once.data(), head, {.keep_alive = head.keep_alive}));

  ResponseHead again;
  parser = ResponseParser(HeadLimits{});
  require(parser.parse(once, again) == Progress::done);
  require(parser.head_size() == once.size());
  require(again.status == head.status && again.framing == head.framing);
  require(again.framing != Framing::length || again.content_length == head.content_length);
  return 0;
}
