// Start line and fields of a request or response, free of any protocol version's syntax.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "http/header_map.h"

namespace fl::http {

enum class Version : uint8_t { http10, http11, http2, http3 };

enum class Method : uint8_t { other, get, head, post, put, delete_, patch, options, connect, trace };

// How the body's end is known. `until_close` is for responses only (RFC 9112 6.3 rule 8).
enum class Framing : uint8_t { none, length, chunked, until_close };

struct RequestHead {
  std::string_view method;  // a token, as sent
  Method method_id = Method::other;
  std::string_view scheme;     // from an absolute-form target; empty otherwise
  std::string_view authority;  // the one host of the request: absolute-form authority, else Host; may be empty (1.0)
  std::string_view path;       // begins with '/', or is "*" for OPTIONS *; as sent, without the query. A middleware
                               // may leave it empty, which is sent as "/"
  std::string_view query;      // after '?', without it
  bool has_query = false;      // tells "/a?" from "/a"
  Version version = Version::http11;
  HeaderMap headers;  // Host included, exactly once when the request has one
  Framing framing = Framing::none;
  uint64_t content_length = 0;  // when framing is `length`
  bool keep_alive = true;       // what the client wants of the connection
  bool expects_continue = false;
  std::string_view upgrade;  // value of Upgrade when Connection lists it and the version is 1.1; else empty
};

struct ResponseHead {
  uint16_t status = 0;      // 100..599
  std::string_view reason;  // as sent; may be empty
  Version version = Version::http11;
  HeaderMap headers;
  Framing framing = Framing::none;  // as the response itself says; HEAD, 204 and 304 are the caller's business
  uint64_t content_length = 0;
  bool has_content_length = false;  // also meaningful for HEAD and 304
  bool keep_alive = true;
  std::string_view upgrade;
};

// A fresh head that keeps the memory of its field list.
template <class Head>
void clear_keeping_memory(Head& head) {
  HeaderMap fields = std::move(head.headers);
  fields.clear();
  head = Head{.headers = std::move(fields)};
}

Method classify_method(std::string_view method);
// "Not Found" for 404; empty for codes without a registered phrase. 499 is "Client Closed Request" as in Traefik.
std::string_view reason_phrase(uint16_t status);

}  // namespace fl::http
