// PostgreSQL's way to TLS: the client sends an SSLRequest in the clear, the server answers 'S', and only then comes the
// ClientHello. To route by server name we answer in the server's place, and later ask the server ourselves.
// Source: PostgreSQL, Frontend/Backend Protocol, SSL session encryption; Traefik, PostgreSQL STARTTLS.
#pragma once

#include <string_view>

#include "base/time.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::proxy::tcp {

inline constexpr std::string_view kPostgresTlsRequest{"\0\0\0\x08\x04\xd2\x16\x2f", 8};
inline constexpr std::string_view kPostgresTlsYes = "S";

// Asks the server. -> it said yes, within `timeout` (0: no limit)
net::Task<bool> ask_postgres_for_tls(net::Stream& server, Duration timeout);

}  // namespace fl::proxy::tcp
