// What the proxy itself says to gRPC clients: they look for a grpc-status, not for a page. Pure; worker thread.
#pragma once

#include <cstdint>

#include "http/exchange.h"
#include "net/task.h"

namespace fl::proxy {

// HTTP/2 with a content type of application/grpc, whatever message format follows.
bool is_grpc(const http::RequestHead& request);

// The code that clients take an HTTP status for (gRPC: doc/http-grpc-status-mapping.md).
int grpc_status_of(uint16_t status);

// The grpc-status among these fields, which are an answer's head or trailers; -1: none. Codes that gRPC does not know
// are its UNKNOWN.
int16_t grpc_status_in(const http::HeaderMap& fields);

// The status of an answer: in its head when there is nothing else, else behind its body. -1: none was sent.
int16_t grpc_status_of(const http::Exchange& exchange);

// Serves the exchange as `task` does; an answer that no server gave becomes one of trailers only. Differs from Traefik,
// which lets the client do the mapping.
net::Task<> answer_as_grpc(http::Exchange& exchange, net::Task<> task);

}  // namespace fl::proxy
