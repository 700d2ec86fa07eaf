#include "aws/credential_chain.h"

#include <algorithm>
#include <string_view>

#include "aws/credentials/sources.h"

namespace fl::aws {
namespace {

constexpr Duration kMaxLead = 5min;

struct Place {
  std::string_view name;
  credentials::Found (*find)(credentials::Inputs);
};
constexpr Place kPlaces[] = {
    {"environment", credentials::from_environment}, {"web identity", credentials::from_web_identity},
    {"profile", credentials::from_profile},         {"container", credentials::from_container},
    {"instance", credentials::from_instance},
};

}  // namespace

CredentialChain::CredentialChain(http::Fetcher& fetcher, const Environment& environment, const Profiles& profiles,
                                 Caller& caller, GivenKeys given)
    : fetcher_(fetcher), environment_(environment), profiles_(profiles), caller_(caller), given_(std::move(given)) {}

WallTime CredentialChain::now() const { return fetcher_.loop().wall() + caller_.clock_offset(); }

net::Task<Result<Credentials>> CredentialChain::get() {
  struct Turn {
    CredentialChain& chain;
    bool await_ready() const { return !chain.is_searching_; }
    void await_suspend(std::coroutine_handle<> h) { chain.waiting_.push_back(h); }
    void await_resume() const {}
  };
  while (is_searching_) co_await Turn{*this};
  if (known_ && (!known_->expires || now() < renew_at_)) co_return *known_;

  is_searching_ = true;
  auto found = co_await search();
  is_searching_ = false;
  for (const auto waiter : std::exchange(waiting_, {})) fetcher_.loop().resume_later(waiter);

  if (found) {
    if (found->expires) renew_at_ = *found->expires - std::min(kMaxLead, (*found->expires - now()) / 3);
    known_ = *found;
    co_return found;
  }
  if (known_ && known_->expires && now() < *known_->expires) {
    renew_at_ = now() + (*known_->expires - now()) / 3;
    co_return *known_;
  }
  known_.reset();
  co_return found;
}

net::Task<Result<Credentials>> CredentialChain::search() {
  if (!given_.access_key_id.empty() && !given_.secret_access_key.empty())
    co_return Credentials{given_.access_key_id, given_.secret_access_key, {}, {}};
  std::string reasons = "no AWS credentials: options: accessKeyID and secretAccessKey are not both set";
  for (const Place& place : kPlaces) {
    auto found = co_await place.find({fetcher_, environment_, profiles_, caller_});
    if (found) {
      // What has expired already would only make every call fail in a less clear way.
      if (!found->expires || *found->expires > now()) co_return found;
      found = fail(Code::unavailable, "the credentials it gives have expired");
    }
    reasons.append("; ").append(place.name).append(": ").append(found.error().message);
    if (found.error().code == Code::canceled) co_return found;
    if (found.error().code != Code::not_found) break;
  }
  co_return fail(Code::denied, std::move(reasons));
}

}  // namespace fl::aws
