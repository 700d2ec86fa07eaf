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

Result<HandlerPtr> make_encoded_characters(const config::dynamic::EncodedCharacters& options, HandlerPtr next) {
  const routing::EncodedCharacters allowed{.slash = options.allow_encoded_slash,
                                           .back_slash = options.allow_encoded_back_slash,
                                           .null_character = options.allow_encoded_null_character,
                                           .semicolon = options.allow_encoded_semicolon,
                                           .percent = options.allow_encoded_percent,
                                           .question_mark = options.allow_encoded_question_mark,
                                           .hash = options.allow_encoded_hash};
  return std::make_shared<EncodedCharacters>(allowed, std::move(next));
}

}  // namespace fl::proxy::middleware
