// One request on a client's HTTP/2 connection and its answer. Pooled by the server; worker thread.
#pragma once

#include "http/exchange.h"
#include "http/h2/stream.h"

namespace fl::http::h2 {

class ServerConnection;

class ServerExchange final : public Exchange, private Stream {
 public:
  ServerExchange() : Stream(body_), body_(*this), deadline_(*this) {}

  void begin(ServerConnection& connection, int32_t id);
  auto end_tasks() { return Exchange::end_tasks(&body_); }
  using Exchange::let_go;
  void end();

  Stream& as_stream() { return *this; }
  static ServerExchange& of(Stream& stream) { return static_cast<ServerExchange&>(stream); }

  net::Task<int> send_interim(const ResponseHead& head) override;
  void watch_client(ClientGoneListener* listener) override;
  // Time limits of the request that has just come.
  void arm(TimePoint read_deadline, TimePoint write_deadline);

  // The request's body; says 100 Continue before it waits for bytes the client holds back.
  class RequestBody final : public ReceivedBody {
   public:
    explicit RequestBody(ServerExchange& exchange) : ReceivedBody(exchange), exchange_(exchange) {}

   protected:
    void before_wait() override;

   private:
    ServerExchange& exchange_;
  };

  size_t held_bytes = 0;          // of the connection's allowance
  uint16_t refusal = 0;           // status to answer with, without asking anybody
  bool continue_pending = false;  // the client waits for 100 Continue
  bool response_started = false;
  bool arrived = false;     // in the connection's list of those to be dispatched
  bool dispatched = false;  // its handler was asked
  bool is_tunnel = false;   // extended CONNECT
  std::string_view websocket_key;
  size_t index = 0;  // in the connection's list

 private:
  void on_abort() noexcept override;
  void on_deadline();
  // The client is gone, or as good as gone: who watches it hears so.
  void abort() noexcept;

  RequestBody body_;
  ServerConnection* server_connection_ = nullptr;
  ClientGoneListener* gone_listener_ = nullptr;
  bool aborted_ = false;
  TimePoint read_deadline_ = net::Stream::kNever;
  TimePoint write_deadline_ = net::Stream::kNever;
  struct DeadlineTimer : net::Timer {
    ServerExchange& exchange;
    explicit DeadlineTimer(ServerExchange& x)
        : Timer([](net::Timer& t) { static_cast<DeadlineTimer&>(t).exchange.on_deadline(); }), exchange(x) {}
  } deadline_;
};

}  // namespace fl::http::h2
