#include "proxy/kept_answer.h"

#include <utility>

namespace fl::proxy {
namespace {

class KeepingBody final : public http::BodySource {
 public:
  KeepingBody(std::unique_ptr<http::BodySource> from, std::shared_ptr<const void> what)
      : what_(std::move(what)), from_(std::move(from)) {}

  http::BodyChunk take() override { return from_->take(); }
  net::Task<http::BodyChunk> read() override { return from_->read(); }
  std::optional<uint64_t> remaining() const override { return from_->remaining(); }
  const http::HeaderMap* trailers() const override { return from_->trailers(); }
  net::TcpStream* raw() override { return from_->raw(); }
  void skip(uint64_t size) override { from_->skip(size); }
  void abandon() noexcept override { from_->abandon(); }

 private:
  const std::shared_ptr<const void> what_;
  const std::unique_ptr<http::BodySource> from_;
};

class KeepingTunnel final : public http::Tunnel {
 public:
  KeepingTunnel(std::unique_ptr<http::Tunnel> from, std::shared_ptr<const void> what)
      : what_(std::move(what)), from_(std::move(from)) {}
  net::Stream& stream() override { return from_->stream(); }
  net::InBuffer& in() override { return from_->in(); }

 private:
  const std::shared_ptr<const void> what_;
  const std::unique_ptr<http::Tunnel> from_;
};

}  // namespace

void keep_with_answer(http::Exchange& x, std::shared_ptr<const void> what) {
  if (x.tunnel != nullptr)
    x.tunnel = std::make_unique<KeepingTunnel>(std::move(x.tunnel), std::move(what));
  else if (x.response_body != nullptr)
    x.response_body = std::make_unique<KeepingBody>(std::move(x.response_body), std::move(what));
}

}  // namespace fl::proxy
