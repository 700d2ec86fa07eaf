// passTLSClientCert: tells the server which certificate the client has shown (Traefik: PassTLSClientCert).
//
//   pem   X-Forwarded-Tls-Client-Cert       base64 of each certificate's DER, the client's own first, joined by ','
//   info  X-Forwarded-Tls-Client-Cert-Info
//   Subject="CN=a,O=b";Issuer="CN=ca";SerialNumber="1";NB="0";NA="9";SAN="a.test"
//                                           of each, joined by ',', the whole escaped as a query's value
//
// Without a certificate the request stays as it is: the entry point has taken these fields off unless it trusts the
// peer. Of a resumed session only the client's own certificate is known, where Go keeps the chain as well.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_pass_tls_client_cert(const config::dynamic::PassTlsClientCert& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
