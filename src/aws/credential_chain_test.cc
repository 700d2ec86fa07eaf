#include "aws/credential_chain.h"

#include <gmock/gmock.h>

#include <atomic>

#include "aws/credentials/sources.h"
#include "aws/testing/aws_world.h"
#include "http/testing/fake_server.h"

namespace fl::aws {
namespace {

using http::testing::FakeServer;
using testing::AwsWorld;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::TextFile;
using Variables = std::map<std::string, std::string>;

// The chain's answer as "access key/secret/token", or its error.
std::string found(AwsWorld& world, GivenKeys given = {}) {
  const auto keys = world.run(world.chain(std::move(given)).get());
  if (!keys) return keys.error().message;
  return keys->access_key_id + "/" + keys->secret_access_key + "/" + keys->session_token;
}
std::string found(Variables variables, GivenKeys given = {}) {
  AwsWorld world(std::move(variables));
  return found(world, std::move(given));
}

std::string agent_keys(std::string_view name, std::string_view expires = "2100-01-01T00:00:00Z") {
  return R"({"Code":"Success","AccessKeyId":")" + std::string(name) +
         R"(","SecretAccessKey":"s","Token":"t","Expiration":")" + std::string(expires) + R"("})";
}

std::string sts_answer(std::string_view operation, std::string_view key) {
  const std::string op(operation);
  return FakeServer::answer(200,
                            "<" + op + "Response><" + op + "Result><Credentials><AccessKeyId>" + std::string(key) +
                                "</AccessKeyId><SecretAccessKey>rs</SecretAccessKey><SessionToken>rt</SessionToken>"
                                "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></" +
                                op + "Result></" + op + "Response>");
}

// Metadata, container agent and STS in one.
std::optional<std::string> cloud(const std::string& request) {
  if (request.starts_with("PUT /latest/api/token ")) return FakeServer::answer(200, "imds-token");
  const bool has_token = request.contains("X-aws-ec2-metadata-token: imds-token\r\n");
  if (request.starts_with("GET /latest/meta-data/iam/security-credentials/ "))
    return has_token ? FakeServer::answer(200, "role-1\n") : FakeServer::answer(401, "");
  if (request.starts_with("GET /latest/meta-data/iam/security-credentials/role-1 "))
    return has_token ? FakeServer::answer(200, agent_keys("imds")) : FakeServer::answer(401, "");
  if (request.starts_with("GET /agent ")) return FakeServer::answer(200, agent_keys("agent"));
  if (request.starts_with("GET /agent-with-token "))
    return request.contains("Authorization: secret\r\n") ? FakeServer::answer(200, agent_keys("agent-token"))
                                                         : FakeServer::answer(403, "");
  if (request.contains("Action=AssumeRoleWithWebIdentity"))
    return request.contains("Authorization: ") ? FakeServer::answer(400, "")
                                               : sts_answer("AssumeRoleWithWebIdentity", "web");
  if (request.contains("Action=AssumeRole")) return sts_answer("AssumeRole", "role");
  return FakeServer::answer(404, "");
}

TEST(CredentialChain, TakesTheFirstPlaceThatIsSetUp) {
  FakeServer server(cloud);
  const TextFile web_token("the.jwt\n"), agent_token("secret\n");
  const TextFile config("[profile keys]\naws_access_key_id=pk\naws_secret_access_key=ps\n");
  const std::string imds = server.url();
  const Variables instance{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", imds}};
  Variables container = instance;
  container["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url("/agent");
  Variables profile = container;
  profile["AWS_CONFIG_FILE"] = config.path();
  profile["AWS_PROFILE"] = "keys";
  Variables web = profile;
  web["AWS_WEB_IDENTITY_TOKEN_FILE"] = web_token.path();
  web["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
  web["AWS_ENDPOINT_URL"] = server.url();
  Variables environment = web;
  environment["AWS_ACCESS_KEY_ID"] = "ek";
  environment["AWS_SECRET_ACCESS_KEY"] = "es";
  EXPECT_EQ(found(instance), "imds/s/t");
  EXPECT_EQ(found(container), "agent/s/t");
  EXPECT_EQ(found(profile), "pk/ps/");
  EXPECT_EQ(found(web), "web/rs/rt");
  EXPECT_EQ(found(environment), "ek/es/");
  EXPECT_EQ(found(environment, {"gk", "gs"}), "gk/gs/");
  EXPECT_EQ(found(environment, {"gk", ""}), "ek/es/");
  environment["AWS_SESSION_TOKEN"] = "et";
  EXPECT_EQ(found(environment), "ek/es/et");

  Variables with_token{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/agent-with-token")},
                       {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret"}};
  EXPECT_EQ(found(with_token), "agent-token/s/t");
  with_token["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "wrong";
  with_token["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = agent_token.path();  // wins
  EXPECT_EQ(found(with_token), "agent-token/s/t");
}

TEST(CredentialChain, SaysWhyEachPlaceHasNone) {
  EXPECT_EQ(found({{"AWS_EC2_METADATA_DISABLED", "true"}}),
            "no AWS credentials: options: accessKeyID and secretAccessKey are not both set; "
            "environment: AWS_ACCESS_KEY_ID is not set; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
            "profile: there is no profile default; "
            "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; "
            "instance: AWS_EC2_METADATA_DISABLED is true");
}

// What is set up but does not work ends the search: another identity is not what was asked for.
TEST(CredentialChain, DoesNotGoOnPastABrokenPlace) {
  FakeServer server([](const std::string& request) -> std::optional<std::string> {
    if (request.contains("/broken")) return FakeServer::answer(200, "{}");
    if (request.contains("/expired")) return FakeServer::answer(200, agent_keys("k", "2020-01-01T00:00:00Z"));
    if (request.contains("/refused")) return FakeServer::answer(200, R"({"Code":"AccessDenied","Message":"no role"})");
    if (request.contains("/time")) return FakeServer::answer(200, agent_keys("k", "tomorrow"));
    return FakeServer::answer(500, "");
  });
  const TextFile token("t"), two_lines("a\nb");
  const std::string full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  const std::pair<Variables, std::string> cases[] = {
      {{{full, server.url("/x")}}, "status 500"},
      {{{full, server.url("/broken")}}, "the answer lacks AccessKeyId or SecretAccessKey"},
      {{{full, server.url("/expired")}}, "container: the credentials it gives have expired"},
      {{{full, server.url("/refused")}}, "container: AccessDenied: no role"},
      {{{full, server.url("/time")}}, "\"tomorrow\" is not a time"},
      {{{full, "http://example.com/x"}}, "example.com is neither https, nor this machine"},
      {{{full, "http://10.0.0.1/x"}}, "10.0.0.1 is neither https"},
      {{{full, "nonsense"}}, "is not a http or https URL"},
      {{{full, server.url("/x")}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nb"}}, "has more than one line"},
      {{{full, server.url("/x")}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", two_lines.path()}}, "more than one line"},
      {{{full, server.url("/x")}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nonexistent"}}, "cannot read /nonexist"},
      {{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x"}}, "must begin with /"},
      {{{"AWS_WEB_IDENTITY_TOKEN_FILE", token.path()}}, "needs AWS_ROLE_ARN"},
      {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent"}, {"AWS_ROLE_ARN", "r"}}, "web identity: cannot read /nonexist"},
      {{{"AWS_PROFILE", "absent"}}, "profile absent: there is no such profile"},
  };
  for (auto [variables, message] : cases) {
    variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
    const std::string said = found(variables);
    EXPECT_THAT(said, HasSubstr(message));
    EXPECT_THAT(said, ::testing::Not(HasSubstr("instance:")));
  }
}

TEST(CredentialChain, FollowsProfiles) {
  FakeServer server(cloud);
  const TextFile token("jwt");
  const TextFile config(
      "[profile base]\naws_access_key_id=bk\naws_secret_access_key=bs\naws_session_token=bt\n"
      "[profile "
      "role]\nrole_arn=arn:r\nsource_profile=base\nexternal_id=ext\nrole_session_name=me\nduration_seconds=900\n"
      "[profile twice]\nrole_arn=arn:r2\nsource_profile=role\n"
      "[profile self]\nrole_arn=arn:r\nsource_profile=self\naws_access_key_id=sk\naws_secret_access_key=ss\n"
      "[profile agent]\nrole_arn=arn:r\ncredential_source=EcsContainer\n"
      "[profile instance]\nrole_arn=arn:r\ncredential_source=Ec2InstanceMetadata\n"
      "[profile web]\nrole_arn=arn:r\nweb_identity_token_file=" +
      token.path() +
      "\n"
      "[profile command]\ncredential_process=echo '{\"Version\":1,\"AccessKeyId\":\"ck\",\"SecretAccessKey\":\"cs\"}'\n"
      "[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=a\n"
      "[profile lost]\nrole_arn=r\nsource_profile=absent\n[profile bare]\nrole_arn=r\n"
      "[profile both]\nrole_arn=r\nsource_profile=base\ncredential_source=Environment\n"
      "[profile odd]\nrole_arn=r\ncredential_source=Moon\n[profile unset]\nrole_arn=r\ncredential_source=Environment\n"
      "[profile mfa]\nrole_arn=r\nsource_profile=base\nmfa_serial=x\n"
      "[profile brief]\nrole_arn=r\nsource_profile=base\nduration_seconds=5\n"
      "[profile sso]\nsso_session=x\n[profile exit]\ncredential_process=echo '{}'; exit 3\n"
      "[profile old]\ncredential_process=echo '{\"Version\":2,\"AccessKeyId\":\"k\",\"SecretAccessKey\":\"s\"}'\n"
      "[profile junk]\ncredential_process=echo secret-text\n[profile kill]\ncredential_process=kill -9 $$\n");
  const std::pair<const char*, const char*> cases[] = {
      {"base", "bk/bs/bt"},
      {"role", "role/rs/rt"},
      {"twice", "role/rs/rt"},
      {"self", "role/rs/rt"},
      {"agent", "role/rs/rt"},
      {"instance", "role/rs/rt"},
      {"web", "web/rs/rt"},
      {"command", "ck/cs/"},
      {"a", "profile b: source_profile a leads back here"},
      {"lost", "profile absent: there is no such profile"},
      {"bare", "profile bare: role_arn needs source_profile or credential_source"},
      {"both", "profile both: role_arn needs source_profile or credential_source"},
      {"odd", "credential_source \"Moon\" is not Environment, EcsContainer or Ec2InstanceMetadata"},
      {"unset", "profile unset: AWS_ACCESS_KEY_ID is not set"},
      {"mfa", "mfa_serial: nobody is there to type a code; use another profile"},
      {"brief", "duration_seconds \"5\" is not 900 to 43200"},
      {"sso", "single sign-on is for people; give it keys, a role or credential_process"},
      {"exit", "credential_process: exit status 3"},
      {"old", "credential_process: only Version 1 of its output is known"},
      {"junk", "credential_process: the credentials are not JSON"},
      {"kill", "credential_process: killed by signal 9"},
  };
  for (const auto& [profile, want] : cases)
    EXPECT_THAT(found({{"AWS_CONFIG_FILE", config.path()},
                       {"AWS_PROFILE", profile},
                       {"AWS_ENDPOINT_URL", server.url()},
                       {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()},
                       {"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/agent")}}),
                EndsWith(want));
  bool saw_role = false;
  for (const std::string& request : server.requests())
    saw_role |= request.ends_with("&RoleArn=arn%3Ar&RoleSessionName=me&DurationSeconds=900&ExternalId=ext") &&
                request.contains("Credential=bk/");
  EXPECT_TRUE(saw_role);
}

TEST(CredentialChain, SpeaksVersion1WhereVersion2IsNot) {
  FakeServer server([](const std::string& request) -> std::optional<std::string> {
    if (request.starts_with("PUT ")) return FakeServer::answer(405, "");
    if (request.ends_with("security-credentials/ ") || request.contains("security-credentials/ HTTP"))
      return FakeServer::answer(200, "r");
    return FakeServer::answer(200, agent_keys("v1"));
  });
  Variables variables{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}};
  EXPECT_EQ(found(variables), "v1/s/t");
  variables["AWS_EC2_METADATA_V1_DISABLED"] = "true";
  EXPECT_THAT(found(variables), EndsWith("instance: the instance metadata token is refused: status 405"));
}

TEST(CredentialChain, RenewsBeforeExpiry) {
  std::atomic<int> asked = 0;
  std::atomic<bool> broken = false;
  const WallTime start = system_clock().wall();
  FakeServer server([&](const std::string&) -> std::optional<std::string> {
    if (broken) return FakeServer::answer(500, "");
    const int n = ++asked;
    return FakeServer::answer(200, agent_keys("k" + std::to_string(n), format_rfc3339(start + n * 60s)));
  });
  AwsWorld world({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url()}});
  EXPECT_EQ(found(world), "k1/s/t");
  EXPECT_EQ(found(world), "k1/s/t");
  world.shift_clock(35s);  // of 60 s, 25 are left: not yet a third
  EXPECT_EQ(found(world), "k1/s/t");
  world.shift_clock(45s);
  EXPECT_EQ(found(world), "k2/s/t");
  broken = true;
  world.shift_clock(110s);  // 10 s left and no new ones to be had
  EXPECT_EQ(found(world), "k2/s/t");
  world.shift_clock(121s);
  EXPECT_THAT(found(world), HasSubstr("status 500"));
  broken = false;
  EXPECT_THAT(found(world), EndsWith("s/t"));
  const int before = asked;
  world.chain().invalidate();
  found(world);
  EXPECT_EQ(asked, before + 1);
}

TEST(CredentialChain, SharesOneSearch) {
  FakeServer server([](const std::string&) { return FakeServer::answer(200, agent_keys("k")); });
  AwsWorld world({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url()}});
  const auto one = [](CredentialChain& chain, int& good) -> net::Task<void> {
    const auto keys = co_await chain.get();
    good += keys && keys->access_key_id == "k";
  };
  const auto all = [&]() -> net::Task<int> {
    int good = 0;
    net::TaskScope scope;
    for (int i = 0; i < 5; ++i) scope.spawn(one(world.chain(), good));
    co_await scope.join();
    co_return good;
  };
  EXPECT_EQ(world.run(all()), 5);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(RunCommand, IsLimited) {
  AwsWorld world({});
  const auto run = [&](std::string command, net::StopSource* stop) {
    return world.run(credentials::run_command(std::move(command), 50ms, stop));
  };
  EXPECT_EQ(*run("printf 'a b'; cat", nullptr), "a b");
  EXPECT_EQ(run("sleep 60", nullptr).error().code, Code::timeout);
  EXPECT_EQ(run("yes", nullptr).error().code, Code::unavailable);
  net::StopSource stop;
  world.loop.post([&] { stop.request_stop(); });
  EXPECT_EQ(run("sleep 60", &stop).error().code, Code::canceled);
}

}  // namespace
}  // namespace fl::aws
