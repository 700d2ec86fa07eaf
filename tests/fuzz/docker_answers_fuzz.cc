// The first byte chooses what the rest is: an answer of the Docker Engine API of some kind, or its log stream, which
// must give the same whatever the pieces it comes in.
#include <cstdlib>
#include <string>

#include "docker/client.h"
#include "docker/log_stream.h"

namespace {

using namespace fl::docker;

std::string demux(std::string_view bytes, size_t step) {
  LogStream stream;
  std::string out;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    for (LogStream::Event event; (event = stream.next(piece)) != LogStream::Event::none;) {
      if (event == LogStream::Event::failed) {
        out += "failed";
        break;
      }
      if (stream.stream() > 2) std::abort();
      for (const char c : stream.data()) (out += static_cast<char>('0' + stream.stream())) += c;
    }
    if (!piece.empty()) std::abort();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 8) {
    case 0: (void)read_version(rest); break;
    case 1:
      if (const auto container = read_container(rest))
        for (const auto& port : container->ports)
          if (port.container_port == 0 || port.host_port == 0) std::abort();
      break;
    case 2: (void)read_ids(rest); break;
    case 3: (void)read_event(rest); break;
    case 4: (void)read_usage(rest); break;
    case 5: (void)read_progress(rest); break;
    default:
      if (demux(rest, 1 + data[0] / 8) != demux(rest, rest.size() + 1)) std::abort();
  }
  return 0;
}
