// Builds a head from the fields of an HTTP/2 block, and refuses what RFC 9113 8 calls malformed or what would mean
// something else in HTTP/1 ("downgrade" attacks). Values are copied to the message's arena. Worker thread; one a
// connection, since blocks do not interleave.
//
//   begin_...() -> add() for each field -> end_...() -> what is wrong with it
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "http/h1/head_reader.h"
#include "http/head.h"

namespace fl::http::h2 {

enum class HeadFault : uint8_t {
  none,
  malformed,         // a stream error (RFC 9113 8.1.1)
  too_large,         // 431
  flood,             // so large that the connection has to go
  no_room,           // larger than what the connection may hold still
  target_too_long,   // 414
  bad_expectation,   // 417
  connect_refused,   // 405: we are no tunnel
  unknown_protocol,  // 501: extended CONNECT for something else than websockets
};

class HeadReader {
 public:
  explicit HeadReader(const h1::HeadLimits& limits) : limits_(limits) {}

  // What is sent takes no more memory than held() says, and that no more than `room`.
  void begin_request(RequestHead& head, Arena& arena, size_t room = SIZE_MAX);
  void begin_response(ResponseHead& head, Arena& arena);
  void begin_trailers(HeaderMap& fields, Arena& arena, size_t room = SIZE_MAX);
  // A block for nobody: it is decoded for the sake of HPACK's table only.
  void begin_ignored();

  void add(std::string_view name, std::string_view value);

  // `end_stream`: no body follows. An extended CONNECT (RFC 8441) comes out as the GET with Upgrade that it stands for.
  HeadFault end_request(bool end_stream);
  HeadFault end_response(bool end_stream, bool to_head_request);
  HeadFault end_trailers() const { return fault_; }

  // At most so many bytes are held for the block.
  size_t held() const { return held_; }
  bool is_tunnel() const { return pseudo_.protocol.has_value(); }

 private:
  enum class Of : uint8_t { request, response, trailers, nobody };
  struct PseudoFields {
    std::optional<std::string_view> method, scheme, authority, path, protocol, status;
  };

  void begin(Of of, HeaderMap* fields, Arena* arena, size_t room = SIZE_MAX);
  void fail(HeadFault fault) {
    if (fault_ == HeadFault::none) fault_ = fault;
  }
  void add_pseudo(std::string_view name, std::string_view value);
  void add_field(std::string_view name, std::string_view value);
  HeadFault end_connect(RequestHead& head);
  HeadFault end_target(RequestHead& head);
  void join_cookies();

  const h1::HeadLimits& limits_;
  Of of_ = Of::nobody;
  RequestHead* request_ = nullptr;
  ResponseHead* response_ = nullptr;
  HeaderMap* fields_ = nullptr;
  Arena* arena_ = nullptr;
  PseudoFields pseudo_;
  HeadFault fault_ = HeadFault::none;
  bool regular_ = false;  // a regular field has come: no pseudo field may
  size_t bytes_ = 0;      // decoded so far, with what each field costs us beside its bytes
  size_t held_ = 0;
  size_t room_ = SIZE_MAX;
  size_t cookies_ = 0;
  std::optional<uint64_t> content_length_;
  bool expects_continue_ = false;
};

}  // namespace fl::http::h2
