#include "control/auth/authenticator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace fl::control::auth {

class Authenticator::Keys final : public KeySource {
 public:
  Keys(KeyFile file, std::shared_ptr<const TemporaryKeys> temporary)
      : file_(std::move(file)), temporary_(std::move(temporary)) {}

  std::optional<AccessKey> find(std::string_view id, std::string_view session_token) const override {
    return session_token.empty() ? file_.find(id, session_token) : temporary_->find(id, session_token);
  }

 private:
  KeyFile file_;
  std::shared_ptr<const TemporaryKeys> temporary_;
};

namespace {

// A region names a directory of the state, so it must look like one.
bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

tl::expected<Identity, AuthError> identity(AccessKey key, std::string_view region) {
  if (!is_region(region))
    return tl::make_unexpected(AuthError{
        AuthError::Kind::mismatch, fmt::format("Credential should be scoped to a valid region, not '{}'. ", region)});
  key.secret.clear();
  key.session_token.clear();
  return Identity{std::move(key), std::string(region)};
}

}  // namespace

Authenticator Authenticator::any(std::string account, std::string region,
                                 std::shared_ptr<const TemporaryKeys> temporary) {
  Authenticator out;
  out.account_ = std::move(account);
  out.region_ = std::move(region);
  out.temporary_ = std::move(temporary);
  return out;
}

Authenticator Authenticator::with_keys(KeyFile keys, std::shared_ptr<const TemporaryKeys> temporary) {
  Authenticator out;
  out.keys_ = std::make_shared<const Keys>(std::move(keys), std::move(temporary));
  return out;
}

tl::expected<Identity, AuthError> Authenticator::authenticate(const ReceivedRequest& request, std::string_view service,
                                                              WallTime now) const {
  auto claim = read_claim(request);
  if (keys_ != nullptr) {
    if (!claim) return tl::make_unexpected(std::move(claim).error());
    FL_TRY(AccessKey key, verify(request, *claim, service, *keys_, now));
    return identity(std::move(key), claim->region);
  }
  if (!claim) claim = Claim{.access_key_id = "anonymous", .region = region_};
  if (auto key = temporary_->find(claim->access_key_id, claim->session_token))
    return identity(*std::move(key), claim->region);
  return identity({.id = claim->access_key_id,
                   .account = account_,
                   .arn = fmt::format("arn:aws:iam::{}:root", account_),
                   .user_id = account_},
                  claim->region);
}

}  // namespace fl::control::auth
