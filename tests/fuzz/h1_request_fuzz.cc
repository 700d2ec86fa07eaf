// Requests: no crash, the same verdict however the bytes are cut, and a normal form that is a fixed point: what we
// forward is understood by ourselves as the same request.
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

std::string written(const RequestHead& head) {
  std::string out(request_head_bound(head), '\0');
  out.resize(write_request_head(out.data(), head));
  return out;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const HeadLimits limits{.max_head_bytes = 2048, .max_target_bytes = 256, .max_fields = 20};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  require(!verdict<RequestParser, RequestHead>(bytes, limits).starts_with("at once <"));

  RequestParser parser(limits);
  RequestHead head;
  if (parser.parse(bytes, head) != Progress::done) return 0;
  require(parser.head_size() <= size);
  if (head.authority.empty()) return 0;  // from HTTP/1.0; nobody's HTTP/1.1
  const std::string once = written(head);

  RequestHead again;
  parser = RequestParser(HeadLimits{});
  require(parser.parse(once, again) == Progress::done);
  require(parser.head_size() == once.size());
  require(again.method == head.method && again.path == head.path && again.query == head.query);
  require(again.authority == head.authority && again.framing == head.framing);
  require(again.content_length == head.content_length && again.upgrade == head.upgrade);
  require(written(again) == once);
  return 0;
}
