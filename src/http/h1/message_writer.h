// Sends one HTTP/1 message: a head that is already bytes, then a body from any source in the framing the head promised.
// Head and first body bytes leave in one system call, as one piece when they are few; a large plain body is spliced.
// Worker thread.
#pragma once

#include <cstdint>

#include "http/body.h"
#include "http/h1/head_bytes.h"
#include "http/head.h"

namespace fl::http::h1 {

struct SendResult {
  uint64_t body_bytes = 0;                 // of the body, without its coding
  int write_error = 0;                     // -errno of the connection written to
  BodyError read_error = BodyError::none;  // of the source; a source that ends early or late is `truncated`

  bool complete() const { return write_error == 0 && read_error == BodyError::none; }
};

// `framing`: none (body is ignored), length (`length` bytes exactly), chunked, or until_close (the caller closes).
// On a read error the message is left unfinished: the caller must close, so that it cannot look complete.
// The head's memory is given back once it is out. `progress`, when given, is kept up to date with the body bytes
// written. `of`: a request's trailers are left out, for no server may rely on them, and some take them for fields.
enum class Of : uint8_t { request, response };
net::Task<SendResult> send_message(net::Stream& to, HeadBytes& head, BodySource* body, Framing framing, uint64_t length,
                                   uint64_t* progress = nullptr, Of of = Of::response);

}  // namespace fl::http::h1
