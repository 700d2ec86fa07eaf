#include "proxy/middleware/digest_auth.h"

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "base/password.h"
#include "base/strings.h"
#include "http/grammar.h"
#include "proxy/middleware/digest_credentials.h"
#include "proxy/middleware/digest_nonces.h"
#include "proxy/middleware/user_list.h"
#include "proxy/transaction.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;
using http::HeaderId;

class DigestAuth final : public http::Handler {
 public:
  using Users = std::map<std::string, std::string, std::less<>>;  // "name:realm" -> HA1

  DigestAuth(const config::dynamic::DigestAuth& options, Users users, HandlerPtr next)
      : users_(std::move(users)),
        realm_(options.realm.empty() ? "traefik" : options.realm),
        header_field_(options.header_field),
        remove_header_(options.remove_header),
        next_(std::move(next)) {}

  net::Task<> handle(Exchange& x) const override {
    const std::string_view* const value = x.request.headers.find(HeaderId::authorization);
    if (value == nullptr) return challenge(x, false);
    const auto credentials = parse_digest_credentials(*value);
    if (!credentials || !http::is_field_value(credentials->username)) return challenge(x, false);
    Transaction& transaction = Transaction::of(x);
    transaction.record.client_user = x.arena.copy(credentials->username);
    if (!is_right(x, *credentials)) return challenge(x, false);
    uint64_t count = 0;
    const char* const end = credentials->nc.data() + credentials->nc.size();
    if (const auto read = std::from_chars(credentials->nc.data(), end, count, 16);
        read.ec != std::errc() || read.ptr != end)
      return challenge(x, false);
    if (!nonces_.use(credentials->nonce, count, transaction.worker.loop().now())) return challenge(x, true);
    http::HeaderMap& headers = x.request.headers;
    if (remove_header_) headers.remove(HeaderId::authorization);
    if (!header_field_.empty()) headers.set(header_field_, transaction.record.client_user);
    return next_->handle(x);
  }

 private:
  // RFC 7616 3.4.1
  bool is_right(const Exchange& x, const DigestCredentials& c) const {
    const telemetry::RequestRecord& record = Transaction::of(x).record;
    const std::string target = fmt::format("{}{}{}", record.path, record.has_query ? "?" : "", record.query);
    if (c.algorithm != "MD5" || c.qop != "auth" || c.opaque != opaque_ || c.uri != target) return false;
    const auto user = users_.find(fmt::format("{}:{}", c.username, realm_));
    if (user == users_.end()) return false;
    const std::string signed_request = md5_hex(fmt::format("{}:{}", record.method, c.uri));
    return constant_time_equal(
        md5_hex(fmt::format("{}:{}:{}:{}:{}:{}", user->second, c.nonce, c.nc, c.cnonce, c.qop, signed_request)),
        c.response);
  }

  net::Task<> challenge(Exchange& x, bool stale) const {
    x.respond(401, "401 Unauthorized\n");
    const std::string nonce = nonces_.make(Transaction::of(x).worker.loop().now());
    x.response.headers.append(
        "WWW-Authenticate",
        x.arena.concat({"Digest realm=\"", realm_, "\", nonce=\"", nonce, "\", opaque=\"", opaque_,
                        "\", algorithm=MD5, qop=\"auth\"", stale ? std::string_view(", stale=true") : ""}));
    co_return;
  }

  const Users users_;
  const std::string realm_;
  const std::string opaque_ = hex(sha256(random_bytes(16))).substr(0, 16);
  const std::string header_field_;
  const bool remove_header_;
  mutable DigestNonces nonces_;  // locks itself
  const HandlerPtr next_;
};

// name:realm:HA1. The line itself is a secret.
Result<> add_user(std::string_view line, DigestAuth::Users& users) {
  const std::vector<std::string_view> parts = split(line, ':');
  if (parts.size() != 3) return fail(Code::invalid, "error parsing DigestUser: a line is not name:realm:hash");
  users.insert_or_assign(fmt::format("{}:{}", parts[0], parts[1]), to_lower(parts[2]));
  return {};
}

}  // namespace

Result<HandlerPtr> make_digest_auth(const config::dynamic::DigestAuth& options, HandlerPtr next) {
  DigestAuth::Users users;
  FL_TRY_VOID(
      read_users(options.users, options.users_file, [&users](std::string_view line) { return add_user(line, users); }));
  if (users.empty()) return fail(Code::invalid, "no users found in users and usersFile");
  FL_TRY_VOID(check_options(options.realm, options.header_field));
  return std::make_shared<DigestAuth>(options, std::move(users), std::move(next));
}

}  // namespace fl::proxy::middleware
