// Heads as nghttp2 takes them: fields in order, names in lower case, without what belongs to HTTP/1's hop. Worker
// thread; one a connection, their memory is the thread's: a result lasts until the next call on any of them. Views into
// the head and the arena have to live until nghttp2 has framed the block, unless they are to be copied.
#pragma once

#include <nghttp2/nghttp2.h>

#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "http/head.h"

namespace fl::http::h2 {

enum class Memory : uint8_t { lives_on, copied };

class HeadWriter {
 public:
  HeadWriter();

  // `date` is added when the head has none and it is not empty.
  std::span<const nghttp2_nv> response(const ResponseHead& head, std::string_view date, Arena& arena, Memory memory);
  // `scheme`: http or https.
  std::span<const nghttp2_nv> request(const RequestHead& head, std::string_view scheme, Arena& arena);
  // Empty when none of them may be forwarded.
  std::span<const nghttp2_nv> trailers(const HeaderMap& fields, Arena& arena);

 private:
  void begin(Memory memory);
  void add(std::string_view name, std::string_view value, uint8_t flags = 0);
  void add(const Field& field, Arena& arena);
  void add_length(uint64_t length, Arena& arena);

  std::vector<nghttp2_nv>& fields_;
  uint8_t flags_ = 0;
};

}  // namespace fl::http::h2
