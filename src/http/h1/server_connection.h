// One HTTP/1 client connection: idle -> head -> handler -> answer -> idle ... -> closed. Owns itself; worker thread.
// While idle it holds no buffer and no exchange.
#pragma once

#include <memory>

#include "http/exchange.h"
#include "http/h1/body_reader.h"
#include "http/h1/parser.h"
#include "http/server.h"

namespace fl::http::h1 {

class ServerConnection;

// An exchange on an HTTP/1 connection, pooled by the server.
class ServerExchange final : public Exchange, private net::HangupListener {
 public:
  ServerExchange() = default;

  void begin(ServerConnection& connection);
  auto end_tasks() { return Exchange::end_tasks(&*body); }
  using Exchange::let_go;
  void end();

  net::Task<int> send_interim(const ResponseHead& head) override;
  void watch_client(ClientGoneListener* listener) override;
  // The client is gone, or as good as gone: who watches it hears so.
  void abort() noexcept;

  // The request's body; says 100 Continue before it waits for bytes the client holds back.
  class RequestBody final : public BodyReader {
   public:
    RequestBody(ServerExchange& exchange, net::Stream& stream, net::InBuffer& in)
        : BodyReader(stream, in), exchange_(exchange) {}

    // Traefik does not forward a request's trailers, and no server may rely on them.
    const HeaderMap* trailers() const override { return nullptr; }

   protected:
    // At once or never: an answer may be written any time, and two writes at a time are not possible.
    bool wants_before_wait() const override;
    net::Task<int> before_wait() override;

   private:
    ServerExchange& exchange_;
  };

  std::optional<RequestBody> body;
  bool continue_pending = false;  // the client waits for 100 Continue
  bool response_started = false;
  bool aborted = false;

 private:
  void on_hangup(net::Stream& stream) noexcept override;

  ServerConnection* server_connection_ = nullptr;
  ClientGoneListener* gone_listener_ = nullptr;
};

class ServerConnection final : public http::ServerConnection {
 public:
  // `in` holds what was read from the stream already.
  ServerConnection(Server& server, std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, net::InBuffer in);

  void run() override { serve(); }
  void drain() override;
  void close() override;

  net::Stream& stream() { return *stream_; }
  net::InBuffer& in() { return in_; }
  const ConnectionInfo& info() const { return info_; }

 private:
  friend class ServerExchange;

  net::Detached serve();
  // One exchange from its first byte to its last. -> the connection may serve another
  // Not inlined, so that its frame does not become part of serve()'s, which idle connections hold.
  [[gnu::noinline]] net::Task<bool> serve_one();
  net::Task<bool> read_head(ServerExchange& exchange);
  net::Task<bool> answer(ServerExchange& exchange);
  net::Task<> refuse(ServerExchange& exchange, uint16_t status);
  net::Task<bool> discard_body(ServerExchange& exchange);
  net::Task<> switch_protocols(ServerExchange& exchange);
  bool last_request() const;
  TimePoint idle_deadline() const;

  Server& server_;
  std::unique_ptr<net::Stream> stream_;
  net::InBuffer in_;
  ServerExchange* exchange_ = nullptr;  // the running one
  RequestParser parser_;
  ConnectionInfo info_;
  uint64_t requests_ = 0;
  TimePoint accepted_;
  bool idle_ = false;  // waits for a request's first byte
  bool linger_ = false;
  bool cut_short_ = false;     // the last answer: its client must not take the end for its end
  bool limits_stall_ = false;  // since its first long answer
  bool closed_ = false;        // by close(): nothing is waited for any more
};

}  // namespace fl::http::h1
