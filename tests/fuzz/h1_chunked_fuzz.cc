// Chunked bodies: no crash, and the same data, verdict and trailers whether decoded at once or in pieces. The first
// byte of the input is the size of the pieces.
#include <cstdint>
#include <cstdlib>

#include "http/h1/chunked.h"
#include "http/h1/feed_for_test.h"

using namespace fl::http;
using namespace fl::http::h1;

namespace {
struct Decoded {
  std::string data;
  size_t consumed = 0;
  Progress progress = Progress::incomplete;
  std::string trailers;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view bytes, size_t piece_size) {
  ChunkedDecoder decoder({.max_extension_bytes = 64, .max_trailer_bytes = 256, .max_trailers = 5});
  Decoded decoded;
  while (decoded.consumed < bytes.size() && decoded.progress == Progress::incomplete) {
    const std::string_view piece = bytes.substr(decoded.consumed, piece_size);
    const auto copy = exact_copy(piece);
    const auto step = decoder.decode(copy.get(), piece.size());
    if (step.consumed > piece.size()) std::abort();
    if (step.progress == Progress::incomplete && step.consumed != piece.size()) std::abort();
    decoded.data += step.data;
    decoded.consumed += step.consumed;
    decoded.progress = step.progress;
  }
  decoded.trailers = render_fields(decoder.trailers());
  if (decoded.progress == Progress::failed) decoded.consumed = 0;  // how far it got is of no interest
  return decoded;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Decoded whole = decode(bytes, size);
  if (decode(bytes, 1) != whole || decode(bytes, 1 + data[0] % 32) != whole) std::abort();
  return 0;
}
