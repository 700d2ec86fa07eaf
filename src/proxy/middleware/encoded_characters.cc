#include "proxy/middleware/encoded_characters.h"

#include "proxy/answers.h"
#include "proxy/routing/request_path.h"

namespace fl::proxy::middleware {
namespace {

class EncodedCharacters final : public http::Handler {
 public:
  EncodedCharacters(const routing::EncodedCharacters& allowed, HandlerPtr next)
      : allowed_(allowed), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    return routing::has_only_allowed(x.request.path, allowed_) ? next_->handle(x) : answer_error(x, 400);
  }

 private:
  const routing::EncodedCharacters allowed_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_encoded_characters(const config::EncodedCharacters<false>& options, HandlerPtr next) {
  return std::make_shared<EncodedCharacters>(routing::allowed_by(options), std::move(next));
}

}  // namespace fl::proxy::middleware
