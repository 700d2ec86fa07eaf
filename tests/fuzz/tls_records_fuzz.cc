// The input is what a client seals, record by record: a byte says how much, the rest is the inner plaintext (content,
// type, padding); a length of 255 stands for bytes that are not sealed. The first byte chooses cipher and portions. Any
// portions give the same text, state and answers, and nothing but what was sealed as application data is text.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "tls/record_layer.h"
#include "tls/testing/record_peer.h"

namespace {

using fl::tls::Aead;
using fl::tls::RecordLayer;
using fl::tls::testing::RecordPeer;

struct Seen {
  std::string text, outgoing;
  RecordLayer::State state;
  bool operator==(const Seen&) const = default;
};

Seen receive(const RecordPeer& peer, Aead aead, std::string_view wire, size_t received, size_t portion) {
  RecordLayer records(aead, peer.secrets(), {});
  std::string text, out(portion, '\0');
  while (!wire.empty()) {
    records.append(wire.substr(0, received));
    wire.remove_prefix(std::min(received, wire.size()));
    while (const size_t got = records.read(out.data(), out.size())) text.append(out, 0, got);
    records.rest();
  }
  return {text, records.outgoing(), records.state()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto aead = static_cast<Aead>(data[0] % 3);
  const size_t portion = 1 + data[0] / 3;
  std::string_view script(reinterpret_cast<const char*>(data + 1), size - 1);
  RecordPeer peer(aead);
  std::string wire, sealed_text;
  while (!script.empty()) {
    const size_t n = static_cast<uint8_t>(script.front());
    script.remove_prefix(1);
    const bool in_the_clear = n == 255;
    const std::string_view inner = script.substr(0, in_the_clear ? 32 : n);
    script.remove_prefix(inner.size());
    if (in_the_clear) wire += inner;
    if (in_the_clear || inner.empty()) continue;
    wire += peer.seal_inner(inner);
    const size_t type = inner.find_last_not_of('\0');
    if (type != std::string_view::npos && inner[type] == 23) sealed_text += inner.substr(0, type);
    if (type != std::string_view::npos && inner[type] == 22 && type == 5 &&
        inner.starts_with(std::string_view("\x18\0\0\x01", 4)))
      peer.update_own();
  }
  const Seen whole = receive(peer, aead, wire, wire.size() + 1, 1 << 16);
  if (!sealed_text.starts_with(whole.text)) std::abort();
  if (receive(peer, aead, wire, portion, 1 << 16) != whole ||
      receive(peer, aead, wire, wire.size() + 1, portion) != whole)
    std::abort();
  return 0;
}
