// An HTTP/2 connection to a server, shared by the exchanges of one worker. Owns itself; worker thread.
//
//   serving -> going (GOAWAY of either side, or silence): open() gives no more -> its streams have ended -> gone
#pragma once

#include <vector>

#include "http/client.h"
#include "http/h2/connection.h"

namespace fl::http::h2 {

class ClientStream;

class ClientConnection final : public SharedConnection, private Connection {
 public:
  ClientConnection(SharedConnectionPool& pool, std::unique_ptr<net::Stream> stream, const Http2ClientOptions& options);

  void run() { serve(); }

  std::unique_ptr<http::ClientConnection> open() override;
  bool takes_requests() const override { return !going_; }
  void close() noexcept override;

  // ---- for its streams
  Connection& wire() { return *this; }
  std::string_view scheme() const { return client_options_.tls ? "https" : "http"; }
  void add(ClientStream& stream);
  void remove(ClientStream& stream);
  bool has_served() const { return served_ > 0; }
  // Its SETTINGS have come, so that it is known what it takes.
  bool is_greeted() const { return greeted_; }
  bool takes_extended_connect();

 private:
  void on_begin_headers(const nghttp2_frame& frame, Stream* stream) override;
  void on_end_headers(const nghttp2_frame& frame, Stream* stream) override;
  void on_data(Stream& stream, std::string_view data) override;
  void on_end_stream(Stream& stream) override;
  void on_reset(Stream*, uint32_t, bool) override {}
  void on_settings() override;
  void on_goaway() override { go(); }
  void before_read() override {}
  void after_receive() override { last_read_ = loop().now(); }
  void on_wind_down() override { go(); }
  void on_write_failed() override { abort_all(); }

  net::Detached serve();
  // Takes no more requests.
  void go();
  void abort_all();
  void arm(Duration after);
  void on_timer();

  SharedConnectionPool* pool_;
  const Http2ClientOptions client_options_;
  std::vector<ClientStream*> streams_;
  uint64_t served_ = 0;
  bool going_ = false;
  bool greeted_ = false;
  bool ping_sent_ = false;  // and nothing came since
  TimePoint last_read_;
  TimePoint idle_since_;
  net::Wake streams_gone_;
  struct LifeTimer : net::Timer {
    ClientConnection& connection;
    explicit LifeTimer(ClientConnection& c)
        : Timer([](net::Timer& t) { static_cast<LifeTimer&>(t).connection.on_timer(); }), connection(c) {}
  } timer_;
};

}  // namespace fl::http::h2
