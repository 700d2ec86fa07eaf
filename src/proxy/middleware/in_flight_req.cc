#include "proxy/middleware/in_flight_req.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

#include "proxy/middleware/source_criterion.h"

namespace fl::proxy::middleware {
namespace {

// Requests by source; any thread.
class Counts : public std::enable_shared_from_this<Counts> {
 public:
  // One of a source's places, given back when it goes.
  class Place {
   public:
    Place(std::shared_ptr<Counts> counts, std::string source)
        : counts_(std::move(counts)), source_(std::move(source)) {}
    Place(Place&&) = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (counts_ != nullptr) counts_->give_back(source_);
    }

   private:
    std::shared_ptr<Counts> counts_;
    std::string source_;
  };

  std::optional<Place> take(std::string_view source, int64_t most) {
    std::string key(source);
    {
      const std::lock_guard lock(mutex_);
      int64_t& count = counts_[key];
      if (count >= most) {
        if (count == 0) counts_.erase(key);
        return std::nullopt;
      }
      ++count;
    }
    return Place(shared_from_this(), std::move(key));
  }

 private:
  void give_back(const std::string& source) {
    const std::lock_guard lock(mutex_);
    const auto it = counts_.find(source);
    if (--it->second == 0) counts_.erase(it);
  }

  std::mutex mutex_;
  std::unordered_map<std::string, int64_t> counts_;
};

// What an answer goes on with keeps its place.
class PlacedBody final : public http::BodySource {
 public:
  PlacedBody(std::unique_ptr<http::BodySource> from, Counts::Place place)
      : from_(std::move(from)), place_(std::move(place)) {}

  http::BodyChunk take() override { return from_->take(); }
  net::Task<http::BodyChunk> read() override { return from_->read(); }
  std::optional<uint64_t> remaining() const override { return from_->remaining(); }
  const http::HeaderMap* trailers() const override { return from_->trailers(); }
  net::TcpStream* raw() override { return from_->raw(); }
  void skip(uint64_t size) override { from_->skip(size); }
  void abandon() noexcept override { from_->abandon(); }

 private:
  std::unique_ptr<http::BodySource> from_;
  Counts::Place place_;
};

class PlacedTunnel final : public http::Tunnel {
 public:
  PlacedTunnel(std::unique_ptr<http::Tunnel> from, Counts::Place place)
      : from_(std::move(from)), place_(std::move(place)) {}
  net::Stream& stream() override { return from_->stream(); }
  net::InBuffer& in() override { return from_->in(); }

 private:
  std::unique_ptr<http::Tunnel> from_;
  Counts::Place place_;
};

class InFlightReq final : public http::Handler {
 public:
  InFlightReq(int64_t amount, SourceCriterion criterion, HandlerPtr next)
      : amount_(amount),
        refusal_(fmt::format("max connections reached: {}", amount)),
        criterion_(std::move(criterion)),
        next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    auto place = counts_->take(criterion_.source_of(x), amount_);
    if (!place) {
      x.respond(429, refusal_, {});
      co_return;
    }
    co_await next_->handle(x);
    if (x.tunnel != nullptr)
      x.tunnel = std::make_unique<PlacedTunnel>(std::move(x.tunnel), *std::move(place));
    else if (x.response_body != nullptr)
      x.response_body = std::make_unique<PlacedBody>(std::move(x.response_body), *std::move(place));
  }

 private:
  const int64_t amount_;
  const std::string refusal_;
  const SourceCriterion criterion_;
  const std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_in_flight_req(const config::dynamic::InFlightReq& options, HandlerPtr next) {
  FL_TRY(SourceCriterion criterion, SourceCriterion::make(options.source_criterion, SourceCriterion::Default::host));
  return std::make_shared<InFlightReq>(options.amount, std::move(criterion), std::move(next));
}

}  // namespace fl::proxy::middleware
