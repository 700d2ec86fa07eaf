// Keys that a machine renews for itself, over hours of a clock that the test moves.
#include "agent/session/machine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>

#include "aws/testing/aws_world.h"
#include "http/testing/fake_server.h"

namespace fl::agent::session {
namespace {

using ::testing::HasSubstr;

TEST(MachineCredentials, AreRenewedAtHalfTimeAndUsedUntilTheirEnd) {
  std::atomic<int64_t> expires = 0;  // of the next keys, seconds since 1970
  std::atomic<bool> is_refused = false;
  std::atomic<int> asked = 0;
  http::testing::FakeServer server([&](const std::string&) {
    const int number = ++asked;
    if (is_refused)
      return http::testing::FakeServer::answer(400, R"({"__type":"AccessDeniedException","message":"not now"})");
    return http::testing::FakeServer::answer(
        200, fmt::format(R"({{"AccessKeyId":"K{}","SecretAccessKey":"S","SessionToken":"T","TokenExpirationDate":{},)"
                         R"("UpdateKeyPair":false}})",
                         number, expires.load()));
  });
  aws::testing::AwsWorld world({{"AWS_ENDPOINT_URL", server.url()}});
  const WallTime start = std::chrono::floor<std::chrono::seconds>(world.clock.wall());
  MachineCredentials credentials(
      world.caller(),
      {.id = "mi-0123456789abcdef0", .fingerprint = "print", .key = std::make_shared<const RsaKey>(RsaKey::generate())},
      world.clock);
  // The id of the keys that are given at this time; what they are refused with when there are none.
  const auto at = [&](Duration time) {
    world.shift_clock(time);
    const auto keys = world.run(credentials.get());
    return keys ? keys->access_key_id : keys.error().message;
  };
  const auto expire_at = [&](Duration time) {
    expires = std::chrono::duration_cast<std::chrono::seconds>((start + time).time_since_epoch()).count();
  };

  expire_at(60min);
  EXPECT_EQ(at(0min), "K1");
  EXPECT_EQ(at(29min), "K1");
  EXPECT_EQ(asked, 1);
  expire_at(91min);
  EXPECT_EQ(at(31min), "K2") << "half of their time has passed";
  EXPECT_EQ(at(60min), "K2");
  EXPECT_EQ(asked, 2);

  is_refused = true;
  EXPECT_EQ(at(62min), "K2") << "they are good for another half of an hour";
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(at(62min + 5s), "K2");
  EXPECT_EQ(asked, 3) << "asked again too soon";
  EXPECT_EQ(at(62min + 11s), "K2");
  EXPECT_EQ(asked, 4);
  EXPECT_THAT(at(92min), HasSubstr("not now")) << "they have expired";
  EXPECT_EQ(asked, 5);

  is_refused = false;
  expire_at(152min);
  EXPECT_EQ(at(92min + 1s), "K6");
  credentials.invalidate();
  EXPECT_EQ(at(92min + 2s), "K7") << "the control plane took them no longer";
  for (const std::string& request : server.requests()) {
    EXPECT_THAT(request, HasSubstr("X-Amz-Target: AmazonSSM.RequestManagedInstanceRoleToken\r\n"));
    EXPECT_THAT(request, HasSubstr("Credential=mi-0123456789abcdef0/"));
    EXPECT_THAT(request, HasSubstr(R"({"Fingerprint":"print"})"));
  }
}

}  // namespace
}  // namespace fl::agent::session
