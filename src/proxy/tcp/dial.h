// A connection to a server of a TCP service, ready for its first byte: resolved, connected, told by a PROXY header who
// the client is, and with TLS where that is asked for. On the loop of whoever dials.
#pragma once

#include <memory>
#include <string>

#include "net/address.h"
#include "net/resolver.h"
#include "net/stream.h"
#include "net/task.h"
#include "proxy/tcp/transport.h"

namespace fl::proxy::tcp {

// Who a connection is made for; goes into the PROXY header.
struct Behalf {
  net::SocketAddress client, local;
};

// `in_progress` is the stream while it is being made, so that it can be cancelled; null afterwards. Without `behalf`
// no PROXY header is sent. Everything but the name's resolution obeys dialTimeout. Errors: which step failed, and why.
// What is referred to must live as long as the task.
net::Task<Result<std::unique_ptr<net::Stream>>> dial(net::Resolver& resolver, const Server& server,
                                                     const Transport& transport, const Behalf* behalf,
                                                     net::Stream*& in_progress);

}  // namespace fl::proxy::tcp
