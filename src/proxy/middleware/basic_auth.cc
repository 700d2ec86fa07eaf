#include "proxy/middleware/basic_auth.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <unordered_set>

#include "base/crypto.h"
#include "base/password.h"
#include "base/strings.h"
#include "http/grammar.h"
#include "net/offload.h"
#include "proxy/answers.h"
#include "proxy/middleware/user_list.h"
#include "proxy/transaction.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;
using http::HeaderId;

using Users = std::map<std::string, std::string, std::less<>>;  // name -> hash

struct Credentials {
  std::string name, password;
};

std::optional<Credentials> credentials_of(const http::HeaderMap& headers) {
  constexpr std::string_view kScheme = "Basic ";
  const std::string_view* const value = headers.find(HeaderId::authorization);
  if (value == nullptr || !iequals(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto text = base64_decode(trim(value->substr(kScheme.size())));
  if (!text) return std::nullopt;
  const size_t colon = text->find(':');
  if (colon == text->npos || !http::is_field_value(text->substr(0, colon))) return std::nullopt;
  return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

// Who was right before, by a digest that says nothing without the key of this process. Any thread.
class Remembered {
 public:
  std::string digest_of(const Credentials& credentials) const {
    const auto mac = hmac_sha256(key_, credentials.name + '\0' + credentials.password);
    return {reinterpret_cast<const char*>(mac.data()), mac.size()};
  }
  bool contains(const std::string& digest) const {
    const std::lock_guard lock(mutex_);
    return digests_.contains(digest);
  }
  void add(std::string digest) {
    const std::lock_guard lock(mutex_);
    if (digests_.size() >= kMost) digests_.clear();
    digests_.insert(std::move(digest));
  }

 private:
  static constexpr size_t kMost = 4096;
  const std::string key_ = random_bytes(32);
  mutable std::mutex mutex_;
  std::unordered_set<std::string> digests_;
};

class BasicAuth final : public http::Handler {
 public:
  BasicAuth(const config::dynamic::BasicAuth& options, Users users, HandlerPtr next)
      : users_(std::move(users)),
        challenge_(fmt::format("Basic realm=\"{}\"", options.realm.empty() ? "traefik" : options.realm)),
        header_field_(options.header_field),
        remove_header_(options.remove_header),
        next_(std::move(next)) {}

  net::Task<> handle(Exchange& x) const override {
    const auto credentials = credentials_of(x.request.headers);
    if (!credentials) return refuse(x);
    Transaction::of(x).record.client_user = x.arena.copy(credentials->name);
    std::string digest = remembered_.digest_of(*credentials);
    return remembered_.contains(digest) ? pass(x) : check(x, *credentials, std::move(digest));
  }

 private:
  net::Task<> check(Exchange& x, Credentials credentials, std::string digest) const {
    const auto user = users_.find(credentials.name);
    const std::string& hash = user == users_.end() ? users_.begin()->second : user->second;
    bool is_right = false;
    if (!co_await net::offload([&] { is_right = verify_password(credentials.password, hash); }))
      co_return co_await answer_error(x, 503);
    if (!is_right || user == users_.end()) co_return co_await refuse(x);
    remembered_.add(std::move(digest));
    co_await pass(x);
  }

  net::Task<> pass(Exchange& x) const {
    http::HeaderMap& headers = x.request.headers;
    if (remove_header_) headers.remove(HeaderId::authorization);
    if (!header_field_.empty()) headers.set(header_field_, Transaction::of(x).record.client_user);
    return next_->handle(x);
  }

  net::Task<> refuse(Exchange& x) const {
    x.respond(401, "401 Unauthorized\n");
    x.response.headers.append("WWW-Authenticate", challenge_);
    co_return;
  }

  const Users users_;  // not empty
  const std::string challenge_;
  const std::string header_field_;
  const bool remove_header_;
  mutable Remembered remembered_;  // locks itself
  const HandlerPtr next_;
};

Result<> add_user(std::string_view line, Users& users) {
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  const std::string_view hash = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
  // The line itself is a secret.
  if (colon == line.npos || hash.contains(':'))
    return fail(Code::invalid, "error parsing BasicUser: a line is not name:hash");
  if (!is_password_hash(hash))
    return fail(Code::invalid, fmt::format("the hash of user \"{}\" is none of bcrypt, MD5 (apr1) and SHA1, which "
                                           "htpasswd makes; in compose files each $ is written $$",
                                           name));
  users.insert_or_assign(std::string(name), std::string(hash));
  return {};
}

}  // namespace

Result<HandlerPtr> make_basic_auth(const config::dynamic::BasicAuth& options, HandlerPtr next) {
  Users users;
  FL_TRY_VOID(
      read_users(options.users, options.users_file, [&users](std::string_view line) { return add_user(line, users); }));
  if (users.empty()) return fail(Code::invalid, "no users found in users and usersFile");
  FL_TRY_VOID(check_options(options.realm, options.header_field));
  return std::make_shared<BasicAuth>(options, std::move(users), std::move(next));
}

}  // namespace fl::proxy::middleware
