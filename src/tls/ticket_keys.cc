#include "tls/ticket_keys.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto.h"

namespace fl::tls {
namespace {

int64_t period_of(WallTime now) { return now.time_since_epoch() / TicketKeys::kRotation; }

TicketKeys::Key random_key() {
  TicketKeys::Key key;
  FL_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) == 1);
  return key;
}

TicketKeys::Key derived_key(std::string_view secret, int64_t period) {
  const auto part = [&](std::string_view use) {
    return hmac_sha256(secret, fmt::format("fairlead session ticket {} {}", use, period));
  };
  TicketKeys::Key key;
  const auto name = part("name");
  std::copy_n(name.begin(), key.name.size(), key.name.begin());
  key.cipher = part("cipher");
  key.mac = part("mac");
  return key;
}

Result<> check_secret(std::string_view secret) {
  if (secret.size() >= TicketKeys::kMinSecretBytes) return {};
  return fail(Code::invalid, fmt::format("the secret for session tickets has {} bytes and needs {}: make one with "
                                         "`openssl rand -base64 48`",
                                         secret.size(), TicketKeys::kMinSecretBytes));
}

// Whoever finds an old key could read old conversations.
std::shared_ptr<const TicketKeys::Set> wiped_at_end(TicketKeys::Set set) {
  return {new TicketKeys::Set(std::move(set)), [](TicketKeys::Set* s) {
            OPENSSL_cleanse(s->data(), s->size() * sizeof(TicketKeys::Key));
            delete s;
          }};
}

}  // namespace

TicketKeys::TicketKeys(WallTime now) { rotate(now); }

Result<std::shared_ptr<TicketKeys>> TicketKeys::shared(std::string_view secret, WallTime now) {
  std::shared_ptr<TicketKeys> keys(new TicketKeys);
  FL_TRY_VOID(keys->set_secret(secret, now));
  return keys;
}

Result<> TicketKeys::set_secret(std::string_view secret, WallTime now) {
  FL_TRY_VOID(check_secret(secret));
  if (secret == secret_) return {};
  secret_ = secret;
  period_ = -1;
  rotate(now);
  return {};
}

void TicketKeys::rotate(WallTime now) {
  const int64_t period = period_of(now);
  if (period == period_) return;
  if (!secret_.empty()) {
    set_.store(wiped_at_end(derive(period)), std::memory_order_release);
  } else {
    Set set{random_key()};
    // A machine that slept through periods forgets what would have gone meanwhile.
    if (const auto before = current(); before != nullptr)
      for (size_t i = 0; i < before->size() &&
                         static_cast<int64_t>(i) + std::max<int64_t>(1, period - period_) < static_cast<int64_t>(kKept);
           ++i)
        set.push_back((*before)[i]);
    set_.store(wiped_at_end(std::move(set)), std::memory_order_release);
  }
  period_ = period;
}

TicketKeys::Set TicketKeys::derive(int64_t period) const {
  Set set;
  for (size_t back = 0; back < kKept; ++back) set.push_back(derived_key(secret_, period - static_cast<int64_t>(back)));
  set.push_back(derived_key(secret_, period + 1));
  return set;
}

}  // namespace fl::tls
