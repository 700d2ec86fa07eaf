// Requests are signed by our own client code, whose signatures are checked against AWS's published vectors.
#include "control/auth/signature.h"

#include <gmock/gmock.h>

#include <functional>
#include <list>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "control/auth/authenticator.h"

namespace fl::control::auth {
namespace {

using Kind = AuthError::Kind;
using ::testing::HasSubstr;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const WallTime kNow{std::chrono::seconds(1440938160)};  // 2015-08-30T12:36:00Z

class OneKey final : public KeySource {
 public:
  std::optional<AccessKey> find(std::string_view id, std::string_view) const override {
    if (id != "AKIDEXAMPLE") return std::nullopt;
    return AccessKey{.id = "AKIDEXAMPLE", .secret = std::string(kSecret), .account = "111122223333"};
  }
};

// A request whose parts a test may spoil after it was signed.
struct Signed {
  std::string method = "POST", path = "/", query, body = R"({"cluster":"default"})";
  http::HeaderMap headers;
  std::list<std::string> texts;

  void add(std::string_view name, std::string_view value) {
    headers.append(texts.emplace_back(name), texts.emplace_back(value));
  }
  void set(std::string_view name, std::string_view value) { headers.set(name, texts.emplace_back(value)); }
  std::string authorization() const { return std::string(*headers.find("authorization")); }
  ReceivedRequest request() const { return {method, path, query, &headers, body}; }
};

Signed sign_request(WallTime when = kNow, std::string_view service = "ecs", std::string_view secret = kSecret,
                    std::string_view id = "AKIDEXAMPLE", std::string_view token = "") {
  Signed out;
  out.add("Host", "127.0.0.1:4566");
  out.add("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListTasks");
  aws::Credentials credentials;
  credentials.access_key_id = id;
  credentials.secret_access_key = secret;
  credentials.session_token = token;
  aws::SigningInput input{out.method, out.path, out.query, {}, out.body};
  for (const auto& field : out.headers) input.headers.emplace_back(field.name, field.value);
  for (const auto& [name, value] : aws::sign(input, credentials, {"eu-west-1", service}, when)) out.add(name, value);
  out.add("User-Agent", "not signed");
  return out;
}

tl::expected<AccessKey, AuthError> check(const Signed& signed_request, const KeySource& keys = OneKey()) {
  const auto claim = read_claim(signed_request.request());
  if (!claim) return tl::make_unexpected(claim.error());
  return verify(signed_request.request(), *claim, "ecs", keys, kNow);
}

TEST(Signature, OfAnUntouchedRequestHolds) {
  const auto key = check(sign_request());
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->account, "111122223333");
  EXPECT_EQ(read_claim(sign_request().request())->region, "eu-west-1");
}

TEST(Signature, WhatIsNotSignedMayChange) {
  Signed request = sign_request();
  request.set("User-Agent", "another");
  request.add("Via", "1.1 proxy");
  EXPECT_TRUE(check(request));
}

TEST(Signature, EveryChangeBreaksIt) {
  const std::function<void(Signed&)> changes[] = {
      [](Signed& r) { r.method = "PUT"; },
      [](Signed& r) { r.path = "/x"; },
      [](Signed& r) { r.query = "a=b"; },
      [](Signed& r) { r.body += " "; },
      [](Signed& r) { r.set("Host", "127.0.0.1:4567"); },
      [](Signed& r) { r.set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DeleteCluster"); },
      [](Signed& r) { r.headers.remove("X-Amz-Target"); },
      [](Signed& r) { r.set("X-Amz-Date", "20150830T123601Z"); },
      [](Signed& r) { r.set("Authorization", r.authorization().substr(0, r.authorization().size() - 1)); },
      [](Signed& r) {
        std::string text = r.authorization();
        text.back() = text.back() == '0' ? '1' : '0';
        r.set("Authorization", text);
      },
      [](Signed& r) {
        std::string text = r.authorization();
        text.replace(text.find("eu-west-1"), 9, "eu-west-2");
        r.set("Authorization", text);
      },
  };
  for (size_t i = 0; i < std::size(changes); ++i) {
    Signed request = sign_request();
    changes[i](request);
    const auto key = check(request);
    ASSERT_FALSE(key) << i;
    EXPECT_EQ(key.error().kind, Kind::mismatch) << i;
    EXPECT_THAT(key.error().message, HasSubstr("The request signature we calculated does not match")) << i;
  }
}

struct Refusal {
  const char* name;
  Signed request;
  Kind kind;
  const char* message;
};

Signed changed(Signed request, const std::function<void(Signed&)>& change) {
  change(request);
  return request;
}

TEST(Signature, RefusalsSayWhy) {
  const Refusal refusals[] = {
      {"no signature", changed(sign_request(), [](Signed& r) { r.headers.remove("Authorization"); }), Kind::missing,
       "Missing Authentication Token"},
      {"other scheme", changed(sign_request(), [](Signed& r) { r.set("Authorization", "Basic eDp5"); }),
       Kind::incomplete, "requires the algorithm AWS4-HMAC-SHA256"},
      {"no parts", changed(sign_request(), [](Signed& r) { r.set("Authorization", "AWS4-HMAC-SHA256"); }),
       Kind::incomplete,
       "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
       "Authorization header requires 'SignedHeaders' parameter."},
      {"no date", changed(sign_request(), [](Signed& r) { r.headers.remove("X-Amz-Date"); }), Kind::incomplete,
       "requires existence of either a 'X-Amz-Date' or a 'Date' header."},
      {"no date at all", changed(sign_request(), [](Signed& r) { r.set("X-Amz-Date", "yesterday"); }), Kind::incomplete,
       "Date must be in ISO-8601 'basic format'. Got 'yesterday'."},
      {"impossible date", changed(sign_request(), [](Signed& r) { r.set("X-Amz-Date", "20151330T123600Z"); }),
       Kind::incomplete, "Date must be in ISO-8601"},
      {"short scope",
       changed(sign_request(),
               [](Signed& r) {
                 r.set("Authorization",
                       "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/ecs/aws4_request, "
                       "SignedHeaders=host, Signature=00");
               }),
       Kind::incomplete, "exactly 5 slash-delimited elements"},
      {"other day", changed(sign_request(), [](Signed& r) { r.set("X-Amz-Date", "20150831T123600Z"); }), Kind::mismatch,
       "'20150830' != '20150831', from '20150831T123600Z'."},
      {"unknown key", sign_request(kNow, "ecs", kSecret, "AKIDOTHER"), Kind::unknown_key,
       "The security token included in the request is invalid."},
      {"token of a key that has none", sign_request(kNow, "ecs", kSecret, "AKIDEXAMPLE", "token"), Kind::unknown_key,
       "The security token included in the request is invalid."},
      {"wrong secret", sign_request(kNow, "ecs", "wrong"), Kind::mismatch, "does not match the signature you provided"},
      {"other service", sign_request(kNow, "sqs"), Kind::mismatch,
       "Credential should be scoped to correct service: 'ecs'."},
      {"too old", sign_request(kNow - 5min - 1s), Kind::mismatch,
       "Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)"},
      {"from the future", sign_request(kNow + 5min + 1s), Kind::mismatch,
       "Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z (20150830T123600Z + 5 min.)"},
      {"host not signed",
       changed(sign_request(),
               [](Signed& r) {
                 std::string text = r.authorization();
                 text.replace(text.find("=host;"), 6, "=");
                 r.set("Authorization", text);
               }),
       Kind::mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
      {"digest of another body",
       changed(sign_request(), [](Signed& r) { r.add("x-amz-content-sha256", "UNSIGNED-PAYLOAD"); }), Kind::mismatch,
       "The provided 'x-amz-content-sha256' header does not match what was computed."},
  };
  for (const Refusal& refusal : refusals) {
    const auto key = check(refusal.request);
    ASSERT_FALSE(key) << refusal.name;
    EXPECT_EQ(key.error().kind, refusal.kind) << refusal.name;
    EXPECT_THAT(key.error().message, HasSubstr(refusal.message)) << refusal.name;
  }
}

TEST(Signature, ClocksMayDifferByFiveMinutes) {
  EXPECT_TRUE(check(sign_request(kNow - 5min)));
  EXPECT_TRUE(check(sign_request(kNow + 5min)));
}

// Presigned the way botocore does it: the signature is the last parameter.
Signed presigned() {
  Signed out;
  out.method = "GET";
  out.body.clear();
  out.add("Host", "example.amazonaws.com");
  out.query =
      "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F"
      "20150830%2Feu-west-1%2Fecs%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host";
  const aws::SigningScope scope{"eu-west-1", "ecs"};
  const aws::SigningInput input{out.method, out.path, out.query, {{"Host", "example.amazonaws.com"}}, ""};
  const std::string text = aws::string_to_sign(aws::canonical_request(input), scope, kNow);
  out.query += "&X-Amz-Signature=" + aws::signature(aws::signing_key(kSecret, scope, kNow), text);
  return out;
}

TEST(Signature, MayStandInTheQuery) {
  const Signed request = presigned();
  const auto claim = read_claim(request.request());
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_TRUE(verify(request.request(), *claim, "ecs", OneKey(), kNow));
  EXPECT_TRUE(verify(request.request(), *claim, "ecs", OneKey(), kNow + 60s));
  const auto late = verify(request.request(), *claim, "ecs", OneKey(), kNow + 61s);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("Signature expired"));
  Signed other = presigned();
  other.query += "&x=y";
  EXPECT_FALSE(check(other));
  Signed incomplete = presigned();
  incomplete.query = "X-Amz-Signature=00";
  EXPECT_EQ(read_claim(incomplete.request()).error().kind, Kind::incomplete);
}

TEST(TemporaryKeys, CarryWhomTheyStandFor) {
  const TemporaryKeys keys("seal of thirty-two bytes or more");
  const auto credentials =
      keys.mint("111122223333", "arn:aws:sts::111122223333:assumed-role/web/task", "AROAX:task", kNow + 1h);
  const auto sign = [&](WallTime when, std::string_view token) {
    return sign_request(when, "ecs", credentials.secret_access_key, credentials.access_key_id, token);
  };
  const auto key = check(sign(kNow, credentials.session_token), keys);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->arn, "arn:aws:sts::111122223333:assumed-role/web/task");
  EXPECT_EQ(key->user_id, "AROAX:task");
  EXPECT_EQ(key->expires, kNow + 1h);

  // Another control plane's, a changed one, none.
  EXPECT_FALSE(TemporaryKeys("another seal").find(credentials.access_key_id, credentials.session_token));
  std::string changed = credentials.session_token;
  changed[60] = changed[60] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(keys.find(credentials.access_key_id, changed));
  EXPECT_FALSE(keys.find(credentials.access_key_id, ""));
  EXPECT_FALSE(keys.find("ASIAOTHER", credentials.session_token));
}

TEST(TemporaryKeys, Expire) {
  const TemporaryKeys keys("seal of thirty-two bytes or more");
  const auto old = keys.mint("111122223333", "arn", "id", kNow);
  const auto key = check(sign_request(kNow, "ecs", old.secret_access_key, old.access_key_id, old.session_token), keys);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind, Kind::expired_token);
  // Who does not hold the key's secret does not hear that it has expired.
  EXPECT_EQ(check(sign_request(kNow, "ecs", "wrong", old.access_key_id, old.session_token), keys).error().kind,
            Kind::mismatch);
}

TEST(Authenticator, AnyTakesEveryoneAsTheAccountsRoot) {
  const auto temporary = std::make_shared<const TemporaryKeys>("seal");
  const auto door = Authenticator::any("000000000000", "us-east-1", temporary);
  const auto wrong = door.authenticate(sign_request(kNow - 24h, "x", "wrong").request(), "ecs", kNow);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->key.arn, "arn:aws:iam::000000000000:root");
  EXPECT_EQ(wrong->region, "eu-west-1");
  const auto none = door.authenticate(Signed{}.request(), "ecs", kNow);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->region, "us-east-1");

  const auto task = temporary->mint("000000000000", "arn:of:task", "id", kNow + 1h);
  const auto known = door.authenticate(
      sign_request(kNow, "ecs", task.secret_access_key, task.access_key_id, task.session_token).request(), "ecs", kNow);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->key.arn, "arn:of:task");
  EXPECT_EQ(known->key.secret, "");
}

TEST(Authenticator, RefusesRegionsThatAreNone) {
  Signed request = sign_request();
  std::string text = request.authorization();
  text.replace(text.find("eu-west-1"), 9, "..");
  request.set("Authorization", text);
  const auto door = Authenticator::any("000000000000", "us-east-1", std::make_shared<const TemporaryKeys>("seal"));
  const auto refused = door.authenticate(request.request(), "ecs", kNow);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("valid region, not '..'"));
}

}  // namespace
}  // namespace fl::control::auth
