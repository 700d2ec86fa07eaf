// What is known of a finished request: the one input of access log and metrics. Views point into the exchange, its
// arena, or the snapshot it used; all live until the record is consumed. Worker thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "http/head.h"
#include "http/header_map.h"

namespace fl::telemetry {

struct RequestRecord {
  WallTime start_wall{};
  Duration duration{};  // first byte of the head to last byte of the answer

  std::string_view entry_point;
  std::string_view router;          // "web@file"; empty when none matched
  std::string_view router_path;     // "outer@file -> web@file" behind other routers; else empty
  std::string_view router_service;  // what the router names, reached or not; empty: the same as `service`
  std::string_view service;         // "app@file"; empty when none was reached
  std::string_view server_url;      // "http://10.0.0.5:8080"; empty when none was chosen
  std::string_view server_address;  // "10.0.0.5:8080"
  uint32_t entry_point_index = 0;   // position in the static configuration, by name
  bool log = true;                  // what the router's observability says
  bool count = true;
  bool internal = false;  // an @internal service: left out unless addInternals

  std::string_view client_ip;  // of the peer
  uint16_t client_port = 0;
  std::string_view client_user;    // empty: none
  std::string_view forwarded_for;  // X-Forwarded-For as routed; empty: none

  std::string_view method;
  http::Method method_id = http::Method::other;
  std::string_view host;   // Host as sent
  std::string_view path;   // as sent
  std::string_view query;  // as sent
  bool has_query = false;
  http::Version version = http::Version::http11;
  bool tls = false;
  std::string_view tls_version;         // "1.2", "1.3"
  std::string_view tls_cipher;          // IANA name
  std::string_view tls_client_subject;  // distinguished name; empty: no client certificate
  bool websocket = false;
  bool grpc_web = false;       // came as gRPC-Web, whatever the fields as forwarded say
  uint64_t request_bytes = 0;  // of the body

  uint16_t status = 0;          // sent to the client; 499 when it had gone
  uint64_t response_bytes = 0;  // of the body
  uint16_t origin_status = 0;   // 0: no server answered
  uint64_t origin_bytes = 0;
  Duration origin_duration{};
  std::string_view origin_error;  // why its answer broke off after its head was sent; empty: it did not
  uint32_t retries = 0;
  int16_t grpc_status = -1;  // of the answer's trailers or head; -1: none was sent

  const http::HeaderMap* request_headers = nullptr;   // as forwarded
  const http::HeaderMap* origin_headers = nullptr;    // as the server sent them; null: none, or not kept
  const http::HeaderMap* response_headers = nullptr;  // as sent to the client
};

}  // namespace fl::telemetry
