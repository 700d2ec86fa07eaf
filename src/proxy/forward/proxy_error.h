// Why a request could not be proxied: three bytes, no allocation. One table says what the client is told.
#pragma once

#include <cstdint>
#include <string_view>

namespace fl::proxy {

struct ProxyError {
  enum class Kind : uint8_t {
    none,
    name_resolution,
    connect_failed,
    connect_timeout,
    connection_lost,    // closed or reset before a whole answer head came
    response_timeout,   // no answer head within the transport's limit
    malformed_response,
    unexpected_switch,  // 101 that nobody asked for
    request_body,       // the client's body is malformed
    request_timeout,    // the client's body took too long
    client_gone,
    too_many_interim,
  };
  enum class Source : uint8_t { internal, downstream, upstream };
  enum class Retry : uint8_t { no, if_reused, yes };

  Kind kind = Kind::none;
  Source source = Source::internal;
  Retry retry = Retry::no;

  explicit operator bool() const { return kind != Kind::none; }
};

// Traefik: network errors 502, time-outs 504, client gone 499.
uint16_t status_of(const ProxyError& error);
std::string_view describe(ProxyError::Kind kind);

}  // namespace fl::proxy
