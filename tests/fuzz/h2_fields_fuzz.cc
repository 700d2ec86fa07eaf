// Requests as HTTP/2 fields, "name NUL value NUL" one after the other: what is accepted is one request in HTTP/1 too,
// and means the same there (no smuggling by downgrade).
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1/parser.h"
#include "http/h1/writer.h"
#include "http/h2/head_reader.h"

using namespace fl;
using namespace fl::http;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool end_stream = (data[0] & 1) != 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const h1::HeadLimits limits{.max_head_bytes = 8192, .max_target_bytes = 256, .max_fields = 20};
  h2::HeadReader reader(limits);
  Arena arena;
  RequestHead head;
  reader.begin_request(head, arena);
  while (!rest.empty()) {
    const size_t name_end = std::min(rest.find('\0'), rest.size());
    const std::string_view name = rest.substr(0, name_end);
    rest.remove_prefix(std::min(name_end + 1, rest.size()));
    const size_t value_end = std::min(rest.find('\0'), rest.size());
    reader.add(name, rest.substr(0, value_end));
    rest.remove_prefix(std::min(value_end + 1, rest.size()));
  }
  if (reader.end_request(end_stream) != h2::HeadFault::none) return 0;

  std::string written(h1::request_head_bound(head), '\0');
  written.resize(h1::write_request_head(written.data(), head));
  h1::RequestParser parser(h1::HeadLimits{});
  RequestHead again;
  const std::string followed = written + "GET /smuggled HTTP/1.1\r\n";  // `again` is views into it
  require(parser.parse(followed, again) == h1::Progress::done);
  require(parser.head_size() == written.size());
  require(again.method == head.method && again.path == head.path && again.query == head.query);
  require(again.authority == head.authority && again.framing == head.framing);
  require(again.content_length == head.content_length && again.upgrade == head.upgrade);
  return 0;
}
