// One exchange's share of an HTTP/2 connection to a server. Worker thread; owned by the exchange, through its answer's
// body, and gone before its connection.
#pragma once

#include <vector>

#include "http/client.h"
#include "http/h2/head_reader.h"
#include "http/h2/stream.h"

namespace fl::http::h2 {

class ClientConnection;
class StreamTunnel;

class ClientStream final : public http::ClientConnection, private Stream {
 public:
  explicit ClientStream(h2::ClientConnection& connection);
  ~ClientStream() override;

  void cancel() noexcept override {
    abandon(NGHTTP2_CANCEL);
    head_wake_.notify();
  }
  bool tells_unprocessed() const override { return true; }
  net::Task<ClientOutcome> run(std::unique_ptr<http::ClientConnection> self, Exchange& exchange,
                               const ClientOptions& options) override;

  Stream& as_stream() { return *this; }
  static ClientStream& of(Stream& stream) { return static_cast<ClientStream&>(stream); }

  // ---- from the connection
  void on_greeted() { head_wake_.notify(); }
  void on_begin_headers(HeadReader& reader);
  void on_end_headers(HeadReader& reader, bool end_stream);
  void on_data(std::string_view data);
  void on_end_stream();
  size_t index = 0;  // in the connection's list

 private:
  friend class AnswerBody;
  friend class StreamTunnel;

  net::Task<> upload();
  net::Task<ClientError> wait_for_greeting(Exchange& exchange);
  int32_t submit(Exchange& exchange);
  // Makes the tunnel of an answered extended CONNECT. -> done
  bool start_tunnel(std::unique_ptr<http::ClientConnection> self, Exchange& exchange);
  net::Detached carry(std::unique_ptr<http::ClientConnection> self, std::unique_ptr<net::TcpStream> far);
  net::Task<> carry_down(net::Stream& far);
  void on_abort() noexcept override;
  void fail(ClientError error, std::string_view detail = {});
  ClientOutcome lost() const;
  net::Task<> settle();
  void arm_head_timer();
  static void on_head_timeout(net::Timer& timer);

  h2::ClientConnection& connection_;
  ReceivedBody answer_{*this};
  Exchange* exchange_ = nullptr;
  bool reused_ = false;    // the connection has carried exchanges before
  bool has_head_ = false;  // the head of the answer proper is in exchange_->response
  bool heard_ = false;     // anything came back
  bool uploading_ = false;
  ClientError error_ = ClientError::none;
  std::string_view detail_;
  std::vector<ResponseHead> interim_;  // to be passed on
  int interims_ = 0;
  StreamTunnel* tunnel_ = nullptr;  // while somebody has it
  net::Stream* far_ = nullptr;      // its far end
  net::Wake head_wake_;
  Duration head_timeout_{};
  struct HeadTimer : net::Timer {
    ClientStream& stream;
    explicit HeadTimer(ClientStream& s) : Timer(&ClientStream::on_head_timeout), stream(s) {}
  } head_timer_;
};

}  // namespace fl::http::h2
