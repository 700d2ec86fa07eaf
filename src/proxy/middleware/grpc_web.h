// grpcWeb: gRPC for browsers, which see neither HTTP/2 frames nor trailers. A request of type application/grpc-web or
// application/grpc-web-text (base64) becomes one of gRPC; its answer's trailers become a last frame of the body.
// Pages of the origins named may read the answers. Source: Traefik, GrpcWeb; the gRPC-Web protocol (PROTOCOL-WEB.md).
//
// Differs from Traefik: a preflight is answered with the fields it asked for, by name.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_grpc_web(const config::dynamic::GrpcWeb& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
