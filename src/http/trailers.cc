#include "http/trailers.h"

namespace fl::http {

bool is_forwardable_trailer(const Field& field) {
  switch (field.id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_authenticate:
    case HeaderId::proxy_authorization:
    case HeaderId::proxy_connection:
    case HeaderId::te:
    case HeaderId::trailer:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
    case HeaderId::content_length:
    case HeaderId::expect:
    case HeaderId::host:
    case HeaderId::forwarded:
    case HeaderId::x_forwarded_for:
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_method:
    case HeaderId::x_forwarded_port:
    case HeaderId::x_forwarded_prefix:
    case HeaderId::x_forwarded_proto:
    case HeaderId::x_forwarded_scheme:
    case HeaderId::x_forwarded_server:
    case HeaderId::x_forwarded_tls_client_cert:
    case HeaderId::x_forwarded_tls_client_cert_info:
    case HeaderId::x_forwarded_uri:
    case HeaderId::x_real_ip:
    case HeaderId::x_scheme:
    case HeaderId::authorization:
    case HeaderId::cache_control:
    case HeaderId::content_encoding:
    case HeaderId::content_type:
    case HeaderId::cookie:
    case HeaderId::set_cookie: return false;
    default: return true;
  }
}

}  // namespace fl::http
