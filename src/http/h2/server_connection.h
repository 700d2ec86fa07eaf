// A client's HTTP/2 connection: each request becomes an exchange with a coroutine of its own. Owns itself; worker
// thread. While no stream is open it holds nghttp2's session and no buffer.
//
//   opening -> serving -> winding down (GOAWAY of the highest id, a moment later of the last one taken) -> closed
//                   \___ ended (GOAWAY with an error, streams aborted) ______________________________/
#pragma once

#include <vector>

#include "http/h2/connection.h"
#include "http/h2/server_exchange.h"
#include "http/server.h"

namespace fl::http::h2 {

class ServerConnection final : public http::ServerConnection, private Connection {
 public:
  ServerConnection(Server& server, std::unique_ptr<net::Stream> stream, const ConnectionInfo& info, net::InBuffer in);

  void run() override { serve(); }
  void drain() override { wind_down(); }
  void close() override;

  const ConnectionInfo& info() const { return info_; }

 private:
  friend class ServerExchange;

  // ---- from Connection
  void on_begin_headers(const nghttp2_frame& frame, Stream* stream) override;
  void on_end_headers(const nghttp2_frame& frame, Stream* stream) override;
  void on_data(Stream& stream, std::string_view data) override;
  void on_end_stream(Stream& stream) override;
  void on_reset(Stream* stream, uint32_t code, bool by_peer) override;
  void on_stream_closed() override { --open_streams_; }
  void on_settings() override { greeted_ = true; }
  void before_read() override;
  void after_receive() override;
  void on_wind_down() override { wind_down(); }
  void on_write_failed() override { abort_all(); }

  net::Detached serve();
  net::Task<> serve_exchange(ServerExchange& exchange);
  net::Task<> answer(ServerExchange& exchange);
  net::Task<> run_tunnel(ServerExchange& exchange);
  net::Task<> upload_to_tunnel(ServerExchange& exchange);
  net::Task<> let_upload_end(ServerExchange& exchange);
  net::Task<> send(ServerExchange& exchange, bool has_body, std::optional<uint64_t> length);

  void on_request(ServerExchange& exchange, bool end_stream);
  void on_trailers(ServerExchange& exchange, bool end_stream);
  void arrive(ServerExchange& exchange);
  void refuse(ServerExchange& exchange, uint32_t code);
  // Bytes that may be held beside what is held already.
  size_t room() const;
  // Counts what the exchange has taken in.
  void count_held(ServerExchange& exchange, size_t bytes);
  void release(ServerExchange& exchange);
  void abort_all();
  void wind_down();
  void on_wound_down();
  void end_if_done();

  Server& server_;
  const ConnectionInfo info_;
  const size_t allowance_;  // bytes that all open streams may hold
  const TimePoint accepted_;
  std::vector<ServerExchange*> exchanges_;
  std::vector<ServerExchange*> arrived_;  // requests of the bytes read last, not yet dispatched
  net::TaskScope tasks_;                  // one for each exchange that was dispatched
  size_t open_streams_ = 0;               // those that we refuse included, until they are reset
  uint64_t requests_ = 0;
  size_t held_bytes_ = 0;  // by all open streams, as far as their clients decide it
  bool greeted_ = false;   // the preface and the first SETTINGS have come
  bool winding_down_ = false;
  bool goaway_sent_ = false;  // the second, with the last stream that is served
  bool closed_ = false;       // by close()
  TimePoint block_deadline_ = net::Stream::kNever;
  TimePoint idle_deadline_;
  struct WindDownTimer : net::Timer {
    ServerConnection& connection;
    explicit WindDownTimer(ServerConnection& c)
        : Timer([](net::Timer& t) { static_cast<WindDownTimer&>(t).connection.on_wound_down(); }), connection(c) {}
  } wind_down_timer_;
};

}  // namespace fl::http::h2
