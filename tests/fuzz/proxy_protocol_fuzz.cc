// Any bytes: what is complete stays complete with more behind it, nothing shorter was complete, and addresses survive
// being written and read again in both versions.
#include <cstdlib>
#include <string>

#include "net/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl::net;
  using Status = ProxyHeader::Status;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ProxyHeader header = parse_proxy_header(bytes);
  if (header.status == Status::incomplete && size >= kMaxProxyHeader) std::abort();
  if (header.status != Status::done) return 0;
  if (header.size > size || header.size > kMaxProxyHeader) std::abort();
  if (parse_proxy_header(bytes.substr(0, header.size)) != header) std::abort();
  if (parse_proxy_header(bytes.substr(0, header.size - 1)).status != Status::incomplete) std::abort();
  if (!header.has_addresses) return 0;
  for (const auto& text : {write_proxy_header_v1(header.source, header.destination),
                           write_proxy_header_v2(header.source, header.destination)}) {
    const ProxyHeader again = parse_proxy_header(text);
    if (again.status != Status::done || again.size != text.size()) std::abort();
    if (again.source != header.source || again.destination != header.destination) std::abort();
  }
  return 0;
}
