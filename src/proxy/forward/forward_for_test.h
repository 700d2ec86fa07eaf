// A client, the proxy and one server of its, for the tests of what goes between them.
#pragma once

#include <csignal>
#include <memory>
#include <string>
#include <string_view>

#include "proxy/proxy_for_test.h"

namespace fl::proxy {

inline const std::string kGet = "GET /a?b=c HTTP/1.1\r\nHost: h.test\r\n\r\n";
inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Forward : public ProxyForTest {
 protected:
  Forward() { std::signal(SIGPIPE, SIG_IGN); }
  void start() { publish(all_to({origin.url()})); }
  // A client that has sent the request, and the origin's end of the connection it came on.
  void exchange(std::string_view request) {
    if (!client) {
      start();
      client = connect();
    }
    client->send(request);
    upstream = accept_at(origin);
  }
  std::string receive_body(Peer& peer, size_t size) {
    EXPECT_TRUE(turn_until([&] { return peer.received.size() >= size || peer.gone(); }));
    return peer.take();
  }

  testing::Origin origin{loop};
  std::unique_ptr<Peer> client, upstream;
};

}  // namespace fl::proxy
