// The first byte chooses role and portions, the rest is what a peer sends: any portions give the same events, a message
// never exceeds its limit, and what is decoded survives being encoded and decoded again.
#include <cstdlib>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "http/websocket_codec.h"

namespace {

using namespace fl::http;
using Event = WebSocketDecoder::Event;
constexpr size_t kLimit = 1 << 10;

struct Seen {
  Event event;
  std::string payload;
  uint16_t code;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> decode(std::string_view bytes, WebSocketRole self, size_t step) {
  WebSocketDecoder decoder(self, kLimit);
  std::vector<Seen> out;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    for (Event event; (event = decoder.next(piece)) != Event::none;) {
      const bool ends = event == Event::close || event == Event::failed;
      out.push_back(
          {event, event == Event::failed ? "" : decoder.payload(), ends ? decoder.close_code() : uint16_t{0}});
      if (event != Event::failed && decoder.payload().size() > kLimit) std::abort();
      if (event == Event::text && !fl::is_utf8(decoder.payload())) std::abort();
    }
    if (!piece.empty()) std::abort();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto self = (data[0] & 1) != 0 ? WebSocketRole::server : WebSocketRole::client;
  const auto peer = self == WebSocketRole::server ? WebSocketRole::client : WebSocketRole::server;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = decode(bytes, self, bytes.size() + 1);
  if (decode(bytes, self, 1 + (data[0] >> 1)) != whole) std::abort();

  std::string again;
  std::vector<Seen> expected;
  for (const Seen& seen : whole) {
    if (seen.event == Event::failed) break;
    expected.push_back(seen);
    switch (seen.event) {
      case Event::text: append_websocket_frame(again, peer, WebSocketOpcode::text, seen.payload); break;
      case Event::binary: append_websocket_frame(again, peer, WebSocketOpcode::binary, seen.payload); break;
      case Event::ping: append_websocket_frame(again, peer, WebSocketOpcode::ping, seen.payload); break;
      case Event::pong: append_websocket_frame(again, peer, WebSocketOpcode::pong, seen.payload); break;
      case Event::close: append_websocket_close(again, peer, seen.code, seen.payload); break;
      default: std::abort();
    }
  }
  if (decode(again, self, again.size() + 1) != expected) std::abort();
  return 0;
}
