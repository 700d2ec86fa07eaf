#include "proxy/middleware/in_flight_req.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

#include "proxy/kept_answer.h"
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
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { counts_->give_back(source_); }

   private:
    const std::shared_ptr<Counts> counts_;
    const std::string source_;
  };

  // Null: all are taken.
  std::shared_ptr<const Place> take(std::string_view source, int64_t most) {
    std::string key(source);
    {
      const std::lock_guard lock(mutex_);
      int64_t& count = counts_[key];
      if (count >= most) {
        if (count == 0) counts_.erase(key);
        return nullptr;
      }
      ++count;
    }
    return std::make_shared<const Place>(shared_from_this(), std::move(key));
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

class InFlightReq final : public http::Handler {
 public:
  InFlightReq(int64_t amount, SourceCriterion criterion, HandlerPtr next)
      : amount_(amount),
        refusal_(fmt::format("max connections reached: {}", amount)),
        criterion_(std::move(criterion)),
        next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    auto place = counts_->take(criterion_.source_of(x), amount_);
    if (place == nullptr) {
      x.respond(429, refusal_, {});
      co_return;
    }
    co_await next_->handle(x);
    keep_with_answer(x, std::move(place));
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
