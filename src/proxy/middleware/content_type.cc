#include "proxy/middleware/content_type.h"

#include "proxy/middleware/guessed_type.h"

namespace fl::proxy::middleware {
namespace {

using http::BodyChunk;

// A body whose first chunk was looked at before it is sent.
class PeekedBody final : public http::BodySource {
 public:
  explicit PeekedBody(std::unique_ptr<http::BodySource> from) : from_(std::move(from)) {}

  // Once, before all else.
  net::Task<std::string_view> peek() {
    first_ = from_->take();
    if (!first_.ready()) first_ = co_await from_->read();
    has_first_ = true;
    co_return first_.data;
  }

  BodyChunk take() override { return std::exchange(has_first_, false) ? first_ : from_->take(); }
  net::Task<BodyChunk> read() override {
    if (std::exchange(has_first_, false)) co_return first_;
    co_return co_await from_->read();
  }
  std::optional<uint64_t> remaining() const override {
    const std::optional<uint64_t> rest = from_->remaining();
    return rest && has_first_ ? *rest + first_.data.size() : rest;
  }
  const http::HeaderMap* trailers() const override { return from_->trailers(); }
  net::TcpStream* raw() override { return has_first_ ? nullptr : from_->raw(); }
  void skip(uint64_t n) override { from_->skip(n); }
  void abandon() noexcept override { from_->abandon(); }

 private:
  const std::unique_ptr<http::BodySource> from_;
  BodyChunk first_;
  bool has_first_ = false;
};

class ContentType final : public http::Handler {
 public:
  explicit ContentType(HandlerPtr next) : next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    co_await next_->handle(x);
    const http::ResponseHead& head = x.response;
    if (x.response_body == nullptr || head.framing == http::Framing::none ||
        head.headers.contains(http::HeaderId::content_type) ||
        !head.headers.value(http::HeaderId::content_encoding).empty())
      co_return;
    auto owned = std::make_unique<PeekedBody>(std::move(x.response_body));
    PeekedBody& body = *owned;
    x.response_body = std::move(owned);
    const std::string_view begin = co_await body.peek();
    if (!begin.empty()) x.response.headers.append(http::HeaderId::content_type, guess_content_type(begin));
  }

 private:
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_content_type(const config::dynamic::ContentType&, HandlerPtr next) {
  return std::make_shared<ContentType>(std::move(next));
}

}  // namespace fl::proxy::middleware
