// The agent against a scripted control plane and real processes: the conversation of agent-wire-log.txt, and what it
// tells of its tasks.
#include "agent/agent.h"

#include <gmock/gmock.h>

#include "agent/agent_for_test.h"
#include "base/strings.h"

namespace fl::agent {
namespace {

using namespace ecs::agent;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(AgentTest, FollowsTheRecordedConversation) {
  begin();
  connected();
  // Registered, asked for the endpoints, connected with the genuine agent's query.
  ASSERT_GE(control->calls.size(), 2u);
  EXPECT_EQ(control->calls[0].first, "RegisterContainerInstance");
  EXPECT_EQ(control->calls[0].second.string_at("cluster"), "fl");
  EXPECT_EQ(control->calls[1].first, "DiscoverPollEndpoint");
  EXPECT_EQ(control->calls[1].second.string_at("containerInstance"), FakeControlPlane::kInstance);
  EXPECT_THAT(control->targets[0], StartsWith("/ws?agentHash=fairlead&agentVersion="));
  EXPECT_THAT(control->targets[0], HasSubstr("&clusterArn=fl&containerInstanceArn=arn%3Aaws%3Aecs%3Aeu-west-1%3A"
                                             "000000000000%3Acontainer-instance%2Ffl%2Faaaa&dockerVersion="));
  EXPECT_THAT(control->targets[0], HasSubstr("&protocolVersion=2&sendCredentials=true&seqNum=1"));

  control->send(HeartbeatMessage{.message_id = "hb-1", .healthy = true});
  ASSERT_TRUE(turn_until([&] { return control->count("HeartbeatAckRequest") == 1; }));
  EXPECT_EQ(control->from_acs[0].message.string_at("messageId"), "hb-1");

  // A task with an init container and one that depends on its success.
  auto init = shell("init", "exit 0");
  init.essential = false;
  auto web = shell("web", "trap 'exit 0' TERM; while :; do sleep 0.01; done");
  web.depends_on = std::vector{ContainerDependency{"init", "SUCCESS"}};
  web.port_mappings = std::vector{PortMapping{.container_port = 80, .host_port = 0}};
  ecs::agent::Task task;
  task.arn = task_arn("bbbb");
  task.desired_status = "RUNNING";
  task.family = "web";
  task.version = "1";
  task.containers = std::vector{init, web};
  task.role_credentials = RoleCredentials{"cred-1", "arn:role", "AK", "SK", "ST", "2030-01-01T00:00:00Z"};
  PayloadMessage payload;
  payload.message_id = "m-1";
  payload.tasks = std::vector{task};
  control->send(payload);
  ASSERT_TRUE(turn_until([&] { return control->count("AckRequest") == 1; }));
  EXPECT_EQ(control->from_acs[1].type, "IAMRoleCredentialsAckRequest");
  EXPECT_EQ(control->from_acs[1].message.string_at("credentialsId"), "cred-1");
  EXPECT_EQ(control->from_acs[2].message.string_at("messageId"), "m-1");

  ASSERT_TRUE(told("bbbb", {"RUNNING"}));
  const auto& running = ecs::items(last_change().containers);
  ASSERT_EQ(running.size(), 3u);  // init RUNNING, init STOPPED, web RUNNING
  EXPECT_EQ(running[0].status, "RUNNING");
  EXPECT_EQ(running[1].container_name, "init");
  EXPECT_EQ(running[1].exit_code, 0);
  EXPECT_EQ(running[2].container_name, "web");
  const auto& binding = ecs::items(running[2].network_bindings).at(0);
  EXPECT_EQ(binding.container_port, 80);
  EXPECT_GE(binding.host_port.value_or(0), 32768);
  EXPECT_EQ(binding.bind_ip, "127.0.0.1");
  EXPECT_EQ(running[2].runtime_id->size(), 64u);

  send_task("bbbb", {}, "STOPPED");
  ASSERT_TRUE(told("bbbb", {"RUNNING", "STOPPED"}));
  EXPECT_TRUE(last_change().execution_stopped_at);
  EXPECT_EQ(last_change().containers->size(), 1u);
  EXPECT_THAT(container_change("web").exit_code.value_or(-1), ::testing::AnyOf(0, 143));

  // What was told over TCS.
  ASSERT_TRUE(turn_until([&] { return control->from_tcs.size() >= 2; }));
  EXPECT_EQ(control->from_tcs[0].type, "PublishMetricsRequest");
  EXPECT_EQ(control->from_tcs[1].type, "PublishInstanceStatusRequest");
}

TEST_F(AgentTest, AnAwsvpcTaskWithoutPortsTellsItsAddress) {
  begin();
  connected();
  send_task("vpc", {shell("web", "trap 'exit 0' TERM; while :; do sleep 0.01; done")}, "RUNNING", "awsvpc");
  ASSERT_TRUE(told("vpc", {"RUNNING"}));
  const auto change = container_change("web");
  ASSERT_EQ(ecs::items(change.network_bindings).size(), 1u);
  const ecs::NetworkBinding& only = change.network_bindings->front();
  EXPECT_THAT(only.bind_ip.value_or(""), StartsWith("127."));
  EXPECT_FALSE(only.container_port || only.host_port || only.protocol);

  // It is the same for the next agent, which tells of it when the task has ended.
  ASSERT_TRUE(knows_running_was_told("vpc"));
  const std::string address = *only.bind_ip;
  end();
  begin();
  connected();
  send_task("vpc", {}, "STOPPED");
  ASSERT_TRUE(told("vpc", {"RUNNING", "STOPPED"}));
  const auto ended = container_change("web");
  ASSERT_EQ(ecs::items(ended.network_bindings).size(), 1u);
  EXPECT_EQ(ended.network_bindings->front().bind_ip, address);
}

TEST_F(AgentTest, TellsFailuresInAwsWords) {
  begin();
  connected();
  auto image = shell("web", "true");
  image.image = "nginx";
  send_task("t1", {image});
  ASSERT_TRUE(told("t1", {"STOPPED"}));
  EXPECT_EQ(last_change().reason, "Task failed to start");
  EXPECT_THAT(container_change("web").reason.value_or(""),
              StartsWith("CannotPullContainerError: the process engine has no image nginx"));

  auto command = shell("web", "");
  command.command = Strings{"/no/such"};
  send_task("t2", {command});
  ASSERT_TRUE(told("t2", {"STOPPED"}));
  EXPECT_EQ(container_change("web").reason, "CannotStartContainerError: /no/such: No such file or directory");

  send_task("t3", {shell("web", "sleep 0.1; exit 3")});
  ASSERT_TRUE(told("t3", {"RUNNING", "STOPPED"}));
  EXPECT_EQ(last_change().reason, "Essential container in task exited");
  EXPECT_EQ(container_change("web").exit_code, 3);

  auto secret = shell("web", "true");
  secret.secrets = std::vector{Secret{.name = "A", .value_from = "b"}};
  send_task("t4", {secret});
  ASSERT_TRUE(told("t4", {"STOPPED"}));
  EXPECT_THAT(last_change().reason.value_or(""), HasSubstr("secrets are not supported"));
  EXPECT_TRUE(turn_until([&] { return control->count("AckRequest") == 4; }));
}

TEST_F(AgentTest, KillsWhatDoesNotStopInTime) {
  begin();
  connected();
  auto deaf = shell("web", "trap '' TERM; while :; do sleep 0.01; done");
  deaf.stop_timeout = 1;
  send_task("t1", {deaf});
  ASSERT_TRUE(told("t1", {"RUNNING"}));
  send_task("t1", {}, "STOPPED");
  ASSERT_TRUE(told("t1", {"RUNNING", "STOPPED"}));
  EXPECT_THAT(container_change("web").exit_code.value_or(0), ::testing::AnyOf(137, 143));
}

TEST_F(AgentTest, SurvivesMessagesItCannotRead) {
  begin();
  connected();
  control->send_text("nonsense");
  control->send_text(R"({"type":"PayloadMessage","message":{"messageId":"bad","tasks":7}})");
  control->send_text(R"({"type":"SomethingNew","message":{}})");
  control->send(HeartbeatMessage{.message_id = "hb", .healthy = true});
  ASSERT_TRUE(turn_until([&] { return control->count("HeartbeatAckRequest") == 1; }));
  EXPECT_EQ(control->count("NackRequest"), 1u);
  EXPECT_EQ(control->acs_connections, 1);
}

TEST_F(AgentTest, TellsHealthAsSoonAsItChanges) {
  begin();
  connected();
  auto web = shell("web", "while :; do sleep 0.01; done");
  web.health_check_type = "docker";
  web.docker_config = DockerConfig{
      .config =
          R"({"Healthcheck":{"Test":["CMD-SHELL","test -e ../../../well"],"Interval":20000000,"Timeout":2000000000,"Retries":2}})",
      .host_config = {},
      .version = {}};
  send_task("t1", {web});
  const auto health = [&]() -> std::string {
    std::string status;
    for (const auto& envelope : control->from_tcs) {
      if (envelope.type != PublishHealthRequest::kType) continue;
      PublishHealthRequest request;
      EXPECT_TRUE(decode(envelope.message, request));
      status = ecs::text(ecs::items(ecs::items(request.tasks).at(0).containers).at(0).health_status);
    }
    return status;
  };
  EXPECT_TRUE(turn_until([&] { return health() == "UNHEALTHY"; }));
  std::filesystem::create_directory(directory.path() + "/well");
  EXPECT_TRUE(turn_until([&] { return health() == "HEALTHY"; }));
  EXPECT_THAT(control->told(task_arn("t1")), ElementsAre("RUNNING"));
}

TEST_F(AgentTest, CleansUpAfterAWhile) {
  begin(0s);
  connected();
  auto web = shell("web", "touch data; exit 0");
  send_task("t1", {web});
  ASSERT_TRUE(turn_until(
      [&] { return !control->told(task_arn("t1")).empty() && control->told(task_arn("t1")).back() == "STOPPED"; }));
  EXPECT_TRUE(turn_until([&] { return containers_on_disk() == 0; }));
  EXPECT_TRUE(turn_until([&] { return std::filesystem::is_empty(directory.path() + "/tasks"); }));
}

TEST_F(AgentTest, TellsContainersWhoTheyAre) {
  begin();
  connected();
  const std::string answer = directory.path() + "/answer";
  auto web =
      shell("web", fmt::format("echo $ECS_CONTAINER_METADATA_URI_V4 > {}.new; echo $AWS_CONTAINER_CREDENTIALS_FULL_URI "
                               ">> {}.new; echo $ECS_AGENT_URI >> {}.new; mv {}.new {}; sleep 1000",
                               answer, answer, answer, answer, answer));
  ecs::agent::Task task;
  task.arn = task_arn("t1");
  task.desired_status = "RUNNING";
  task.family = "web";
  task.version = "7";
  web.docker_config =
      DockerConfig{.config = R"({"Labels":{"traefik.enable":"true"}})", .host_config = {}, .version = {}};
  task.cpu = 0.5;
  task.memory = 256;
  task.containers = std::vector{web};
  task.role_credentials = RoleCredentials{"cred-9", "arn:role", "AK", "SK", "ST", "2030-01-01T00:00:00Z"};
  PayloadMessage payload;
  payload.tasks = std::vector{task};
  control->send(payload);
  ASSERT_TRUE(turn_until([&] { return std::filesystem::exists(answer); }));
  ASSERT_TRUE(told("t1", {"RUNNING"}));
  const auto text = *engine::process::read_file(answer);
  const auto urls = split(trim(text), '\n');
  ASSERT_EQ(urls.size(), 3u);

  net::Resolver resolver(loop);
  http::Fetcher fetcher(loop, resolver, nullptr);
  const auto ask = [&](std::string method, std::string url, std::string body) {
    std::optional<Result<http::FetchResponse>> out;
    const auto run = [&]() -> net::Task<> {
      out = co_await fetcher.fetch(
          {.method = method, .url = *http::Url::parse(url), .headers = {}, .body = std::move(body)});
    };
    net::spawn(run());
    EXPECT_TRUE(turn_until([&] { return out.has_value(); }));
    return *std::move(out);
  };
  const auto get = [&](std::string url) { return ask("GET", std::move(url), ""); };
  const auto container = get(std::string(urls[0]));
  ASSERT_TRUE(container);
  EXPECT_EQ(json::parse(container->body)->string_at("Name"), "web");
  EXPECT_EQ(json::parse(container->body)->string_at("KnownStatus"), "RUNNING");
  const auto of_task = get(std::string(urls[0]) + "/task");
  EXPECT_EQ(json::parse(of_task->body)->string_at("TaskARN"), task_arn("t1"));
  EXPECT_EQ(json::parse(of_task->body)->string_at("Revision"), "7");
  EXPECT_EQ(json::parse(of_task->body)->string_at("AvailabilityZone"), "eu-west-1b");
  EXPECT_EQ(json::to_text(*json::parse(of_task->body)->find("Limits")), R"({"CPU":0.5,"Memory":256})");
  const auto of_container = json::parse(container->body);
  const std::string docker_id(of_container->string_at("DockerId")), docker_name(of_container->string_at("DockerName"));
  EXPECT_THAT(docker_name, ::testing::MatchesRegex("ecs-web-7-web-[0-9a-f]{20}"));
  const json::Value& labels = *of_container->find("Labels");
  EXPECT_EQ(labels.string_at("traefik.enable"), "true");
  EXPECT_EQ(labels.string_at("com.amazonaws.ecs.cluster"), "fl");
  EXPECT_EQ(labels.string_at("com.amazonaws.ecs.task-arn"), task_arn("t1"));
  const auto stats = json::parse(get(std::string(urls[0]) + "/stats")->body);
  EXPECT_EQ(stats->string_at("id"), docker_id);
  EXPECT_EQ(stats->string_at("name"), "/" + docker_name);
  EXPECT_NE(stats->find("cpu_stats")->find("cpu_usage")->find("total_usage"), nullptr);
  EXPECT_GT(stats->find("memory_stats")->find("usage")->if_number().value_or(0), 0);
  const auto all_stats = json::parse(get(std::string(urls[0]) + "/task/stats")->body);
  EXPECT_EQ(all_stats->find(docker_id)->string_at("id"), docker_id);
  EXPECT_EQ(get(std::string(urls[0]) + "x/stats")->status, 404);
  EXPECT_EQ(json::parse(get(std::string(urls[1]))->body)->string_at("SecretAccessKey"), "SK");
  EXPECT_EQ(get(std::string(urls[1]) + "x")->status, 400);
  EXPECT_EQ(get(std::string(urls[0]) + "x")->status, 404);

  // Scale-in protection is the control plane's affair, asked for with the task's own role.
  const std::string protection = std::string(urls[2]) + "/task-protection/v1/state";
  const auto told_of = [&](std::string_view members) {
    return fmt::format(R"({{"protectedTasks": [{{"taskArn": "{}", {}}}], "failures": []}})", task_arn("t1"), members);
  };
  control->refusals["UpdateTaskProtection"] = {200,
                                               told_of(R"("protectionEnabled": true, "expirationDate": 1767232800)")};
  EXPECT_EQ(ask("PUT", protection, R"({"ProtectionEnabled": true, "ExpiresInMinutes": 60})")->body,
            fmt::format(R"({{"protection":{{"ExpirationDate":"2026-01-01T02:00:00Z","ProtectionEnabled":true,)"
                        R"("TaskArn":"{}"}}}})",
                        task_arn("t1")));
  const auto& call = control->calls.back();
  EXPECT_EQ(call.first, "UpdateTaskProtection");
  EXPECT_EQ(json::to_text(*call.second.find("tasks")), fmt::format(R"(["{}"])", task_arn("t1")));
  EXPECT_EQ(json::to_text(*call.second.find("expiresInMinutes")), "60");
  EXPECT_THAT(control->authorizations.back(), HasSubstr("Credential=AK/"));
  control->refusals["GetTaskProtection"] = {200, told_of(R"("protectionEnabled": false)")};
  EXPECT_EQ(get(protection)->body,
            fmt::format(R"({{"protection":{{"ExpirationDate":null,"ProtectionEnabled":false,"TaskArn":"{}"}}}})",
                        task_arn("t1")));
  control->refusals["UpdateTaskProtection"] = {
      200, fmt::format(R"({{"protectedTasks": [], "failures": [{{"arn": "{}", "reason": "DEPLOYMENT_BLOCKED"}}]}})",
                       task_arn("t1"))};
  EXPECT_EQ(ask("PUT", protection, R"({"ProtectionEnabled": true})")->body,
            fmt::format(R"({{"failure":{{"Arn":"{}","Reason":"DEPLOYMENT_BLOCKED","Detail":null}}}})", task_arn("t1")));
  control->refusals["GetTaskProtection"] = {400, R"({"__type": "AccessDeniedException", "message": "not you"})"};
  const auto denied = get(protection);
  EXPECT_EQ(denied->status, 400);
  EXPECT_THAT(denied->body, HasSubstr(R"("Code":"AccessDeniedException")"));
  const size_t calls = control->calls.size();
  for (const char* wrong :
       {"", "[]", "{}", R"({"ProtectionEnabled": 1})", R"({"ExpiresInMinutes": 5})",
        R"({"ProtectionEnabled": true, "ExpiresInMinutes": -1})", R"({"ProtectionEnabled": true, "X": 1})"})
    EXPECT_EQ(ask("PUT", protection, wrong)->status, 400) << wrong;
  EXPECT_EQ(ask("PUT", protection, std::string(5000, ' '))->status, 400);
  EXPECT_EQ(ask("POST", protection, "{}")->status, 405);
  EXPECT_EQ(get(std::string(urls[2]) + "x/task-protection/v1/state")->status, 404);
  EXPECT_EQ(control->calls.size(), calls);
  // Secrets are not on disk.
  EXPECT_FALSE(engine::process::read_file(directory.path() + "/tasks/t1.json")->contains("SK"));
}

}  // namespace
}  // namespace fl::agent
