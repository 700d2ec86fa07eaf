// Passes one exchange on to a server and leaves the answer in it, its body still streaming.
#pragma once

#include <memory>
#include <string_view>

#include "http/exchange.h"
#include "net/task.h"
#include "proxy/upstream_spec.h"

namespace fl::proxy {

struct ForwardOptions {
  bool pass_host_header = true;
  bool pass_proxy_authenticate = false;  // of the answer, which is from the server to us (RFC 9110 11.7.1)
};

// The request is exchange.request as the middlewares left it. A request that was lost on a kept-alive connection is
// sent once more when that cannot do it twice (RFC 9110 9.2.2), one that an HTTP/2 server refused unseen up to twice,
// whatever its method (RFC 9113 8.7), unless more of its body was read than KeptUpload keeps. When no answer can be
// had, the exchange answers 502, 504 or 499 as Traefik does.
net::Task<> forward(http::Exchange& exchange, const std::shared_ptr<const UpstreamSpec>& server,
                    ForwardOptions options);

}  // namespace fl::proxy
