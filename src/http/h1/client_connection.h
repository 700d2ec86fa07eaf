// A connection to a server that speaks HTTP/1.1. Worker thread.
#pragma once

#include <string>

#include "http/client.h"
#include "http/h1/message_writer.h"
#include "http/h1/parser.h"

namespace fl::http::h1 {

class ClientConnection final : public http::ClientConnection, private net::HangupListener {
 public:
  ClientConnection(ClientPool& pool, std::unique_ptr<net::Stream> stream)
      : pool_(pool), stream_(std::move(stream)), parser_(HeadLimits{}) {}

  net::Stream& stream() { return *stream_; }
  void cancel() noexcept override { stream_->cancel(); }
  bool rest() override;
  bool wake() override;
  net::Task<ClientOutcome> run(std::unique_ptr<http::ClientConnection> self, Exchange& exchange,
                               const ClientOptions& options) override;

 private:
  friend class AnswerBody;
  friend class UpgradedTunnel;

  // State of an upload, which may outlive run(): in the arena, as the exchange's tasks are joined before that ends.
  struct Upload {
    SendResult sent;
    bool done = true;
    bool awaits_head = true;  // the answer's; its time limit begins with the end of the upload
    TimePoint head_deadline(const net::Loop& loop) const;
    Duration head_timeout{};
  };

  net::Task<int> send_head(Exchange& exchange);
  net::Task<> upload(Exchange& exchange, bool with_head, Upload& state);
  net::Task<ClientOutcome> read_head(Exchange& exchange, Upload& state);
  // Before the connection goes: nobody may use it any more.
  net::Task<> settle(Exchange& exchange);
  ClientOutcome lost(ssize_t result, const Upload& state) const;
  void on_hangup(net::Stream&) noexcept override { pool_.on_closed(*this); }

  ClientPool& pool_;
  std::unique_ptr<net::Stream> stream_;
  net::InBuffer in_;
  ResponseParser parser_;
  bool reused_ = false;        // has carried an exchange before
  bool request_sent_ = false;  // the whole request is out
};

}  // namespace fl::http::h1
