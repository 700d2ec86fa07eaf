// One request and its answer, whatever the HTTP version. The codec makes it, fills `request`, hands it to a Handler and
// sends what the handler left in `response` and `response_body`. Worker thread; pooled, so its memory is reused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "http/body.h"
#include "http/head.h"
#include "net/address.h"
#include "net/stream.h"
#include "net/task.h"
#include "tls/negotiated.h"

namespace fl::http {

// What is the same for every exchange of a connection.
struct ConnectionInfo {
  net::SocketAddress peer;  // who sent the request, after PROXY protocol
  net::SocketAddress local;
  char peer_ip[net::kMaxIpText] = {};  // text of peer.ip
  uint8_t peer_ip_size = 0;
  bool tls = false;
  std::string_view alpn;                        // what ALPN agreed on, a literal: "h2", "http/1.1"; empty without
  const tls::Negotiated* negotiated = nullptr;  // of the TlsStream, as long as the connection lasts; null: plain

  std::string_view peer_ip_text() const { return {peer_ip, peer_ip_size}; }
};

// The other end of an upgraded connection (101): from then on bytes flow both ways.
class Tunnel {
 public:
  virtual ~Tunnel() = default;
  virtual net::Stream& stream() = 0;
  virtual net::InBuffer& in() = 0;  // bytes already read from it
};

// What a handler speaks itself on the client's connection after a 101: the stream, and bytes already read from it. The
// connection ends with the task; when it is to end earlier, the stream is cancelled.
using UpgradedService = std::move_only_function<net::Task<>(net::Stream& stream, net::InBuffer& in)>;

// Told when the client has gone before its answer was complete. At most once.
class ClientGoneListener {
 public:
  virtual void on_client_gone() noexcept = 0;

 protected:
  ~ClientGoneListener() = default;
};

class Exchange;

// What the layer above keeps with an exchange; the codec only says when it is over.
class Attachment {
 public:
  // Once, when the answer was sent or has failed, with the exchange still whole.
  virtual void on_end(Exchange& exchange) noexcept = 0;

 protected:
  ~Attachment() = default;
};

class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const ConnectionInfo& connection() const { return *connection_; }

  RequestHead request;
  BodySource* request_body = nullptr;  // null when the request has none

  ResponseHead response;                      // status 0: nothing decided yet
  std::unique_ptr<BodySource> response_body;  // null: no body
  std::unique_ptr<Tunnel> tunnel;             // with status 101: what the connection is tied to
  UpgradedService upgraded;                   // with status 101, instead of a tunnel
  bool close_connection = false;              // the handler wants this connection ended after the answer
  bool drop_connection = false;               // no answer can be given any more: close at once

  // Work that goes on beside the answer, such as an upload; joined before the exchange ends, after both bodies were
  // abandoned.
  net::TaskScope tasks;

  Arena arena;
  Attachment* attachment = nullptr;

  // Sends a 1xx answer now, if the client can take one. -> 0 | -errno
  virtual net::Task<int> send_interim(const ResponseHead& head) = 0;
  // From now until it is told or null is set, `listener` hears when the client goes away.
  virtual void watch_client(ClientGoneListener* listener) = 0;
  uint64_t bytes_received = 0;                 // of the request's body, as far as it was passed on
  uint64_t bytes_sent = 0;                     // of the answer's body
  bool response_complete = false;              // the whole answer reached the kernel
  BodyError response_error = BodyError::none;  // why response_body broke off; `canceled` when the client had gone

  // Sets a complete short answer. `body` and `content_type` must outlive the exchange (a literal or its arena).
  void respond(uint16_t status, std::string_view body, std::string_view content_type = "text/plain; charset=utf-8");
  void respond_owned(uint16_t status, std::string body, std::string_view content_type);
  // Takes back what a handler has answered so that another can answer: work beside it has ended, and the request's
  // body with it when that was still on its way.
  net::Task<> drop_answer();

 protected:
  ~Exchange() = default;
  // Awaitable: both bodies are abandoned if any task still runs, and the last one has ended. `upload` is the request's
  // body, null when there is none.
  auto end_tasks(BodySource* upload) {
    if (!tasks.idle()) {
      if (response_body != nullptr) response_body->abandon();
      if (upload != nullptr) upload->abandon();
    }
    return tasks.join();
  }
  // The answer is out or has failed, and no task runs any more: tells the attachment, ends the answer's body.
  void let_go();
  void recycle();  // back to what a new exchange is

  const ConnectionInfo* connection_ = nullptr;
};

// Serves exchanges; immutable, shared by all workers. When the task ends the response is decided; its body may still
// stream from a source the exchange owns.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual net::Task<> handle(Exchange& exchange) const = 0;
};

}  // namespace fl::http
