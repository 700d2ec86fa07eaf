// Tasks from the API to an agent and back: the whole control plane on one loop, a scripted agent on real sockets.
#include <gmock/gmock.h>

#include "control/agents/agent_for_test.h"
#include "control/agents/agent_handler.h"
#include "control/api/api_for_test.h"
#include "control/runner/runner.h"
#include "control/watch/watch_handler.h"
#include "http/server.h"
#include "net/listener.h"
#include "net/resolver.h"

namespace fl::control::agents {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Scenario : public ::testing::Test {
 protected:
  Scenario() {
    runner.start();
    api.front.add_path("/ws", handler);
    api.front.add_path("/tcs/ws", handler);
    api.front.add_path("/fairlead/v1/watch", watch_handler);
    api.call("CreateCluster", R"({"clusterName": "web"})");
    put_definition();
  }
  ~Scenario() override {
    for (auto& agent : agents_) agent->hang_up();
    listener.reset();
    server.drain();
    turn_until([&] {
      pass(100ms);
      server.close_all();
      return server.connections() == 0;
    });
    for (int i = 0; i < 50; ++i) api.loop.turn(false);
  }

  template <class Condition>
  bool turn_until(Condition condition) {
    const TimePoint give_up = system_clock().now() + 10s;
    while (!condition()) {
      if (system_clock().now() > give_up) return false;
      api.loop.turn(false);
    }
    return true;
  }
  void settle() {
    for (int i = 0; i < 60; ++i) api.loop.turn(false);
  }
  void pass(Duration d) {
    api.clock.elapsed += d;
    settle();
  }

  void put_definition(int32_t revision = 1) {
    api.writer.submit(kScope, [revision](state::Transaction& tx) {
      state::TaskDefinition definition{.family = "whoami", .revision = revision};
      ecs::TaskDefinition& shape = definition.shape;
      shape.task_definition_arn =
          "arn:aws:ecs:us-east-1:000000000000:task-definition/whoami:" + std::to_string(revision);
      shape.family = "whoami";
      shape.revision = revision;
      shape.status = "ACTIVE";
      shape.network_mode = "bridge";
      shape.compatibilities = std::vector<std::string>{"EC2", "EXTERNAL"};
      shape.task_role_arn = "arn:aws:iam::000000000000:role/reader";
      ecs::ContainerDefinition& container = shape.container_definitions.emplace().emplace_back();
      container.name = "app";
      container.image = "fairlead/whoami";
      container.cpu = 128;
      container.memory = 64;
      container.essential = true;
      container.environment = {{.name = "A", .value = "1"}};
      container.port_mappings = {{.container_port = 80, .host_port = 0, .protocol = "tcp"}};
      container.docker_labels = std::map<std::string, std::string>{{"traefik.enable", "true"}};
      container.health_check = ecs::HealthCheck{.command = std::vector<std::string>{"CMD", "true"}};
      tx.put(std::move(definition));
      return true;
    });
    settle();
  }

  // Registers an instance. -> its ARN
  std::string add_instance() {
    const auto reply = api.call("RegisterContainerInstance", R"({"cluster": "web", "attributes": [{"name": "zone"}],
      "totalResources": [{"name": "CPU", "type": "INTEGER", "integerValue": 2048},
                         {"name": "MEMORY", "type": "INTEGER", "integerValue": 4096},
                         {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"]}]})");
    EXPECT_EQ(reply.status, 200) << json::to_text(reply.body);
    return std::string(reply.body.find("containerInstance")->string_at("containerInstanceArn"));
  }
  AgentForTest& connect(const std::string& arn, std::string path =
                                                    "/ws?clusterArn=web&sendCredentials=true&seqNum=1&"
                                                    "containerInstanceArn=") {
    const std::string url = "http://127.0.0.1:" + std::to_string(net::local_address(listener->fd())->port) + path + arn;
    AgentForTest& agent = *agents_.emplace_back(std::make_unique<AgentForTest>(fetcher, url));
    net::spawn(agent.run());
    EXPECT_TRUE(turn_until([&] { return agent.is_open || agent.has_ended; }));
    settle();
    return agent;
  }

  void report(const std::string& task, std::string_view status, std::string_view more = "") {
    const auto reply =
        api.call("SubmitTaskStateChange",
                 fmt::format(R"({{"cluster": "web", "task": "{}", "status": "{}", "reason": "", "containers": [
          {{"containerName": "app", "status": "{}", "runtimeId": "r1" {},
            "networkBindings": [{{"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 32768, "protocol": "tcp"}}]}}]}})",
                             task, status, status, more));
    EXPECT_EQ(reply.status, 200) << json::to_text(reply.body);
    settle();
  }
  json::Value service() {
    auto reply = api.call("DescribeServices", R"({"cluster": "web", "services": ["whoami"]})");
    return (*reply.body.find("services")->if_array())[0];
  }
  json::Value task(const std::string& arn) {
    auto reply = api.call("DescribeTasks", fmt::format(R"({{"cluster": "web", "tasks": ["{}"]}})", arn));
    return (*reply.body.find("tasks")->if_array())[0];
  }
  static int64_t number(const json::Value& value, std::string_view member) {
    const json::Value* found = value.find(member);
    return found == nullptr || found->if_int() == nullptr ? -1 : *found->if_int();
  }
  std::vector<std::string> events() {
    std::vector<std::string> out;
    for (const auto& event : *service().find("events")->if_array()) out.emplace_back(event.string_at("message"));
    return out;
  }
  void create_service(int count) {
    const auto reply = api.call("CreateService", fmt::format(R"({{"cluster": "web", "serviceName": "whoami",
      "taskDefinition": "whoami", "desiredCount": {}}})",
                                                             count));
    ASSERT_EQ(reply.status, 200) << json::to_text(reply.body);
    settle();
  }
  void healthy(const std::string& arn, std::string_view status = "HEALTHY") {
    tcs->send_text(
        fmt::format("Authorization: AWS4\r\nHost: x\r\n\r\n"
                    R"({{"type":"PublishHealthRequest","message":{{"metadata":{{"fin":true}},"tasks":[
        {{"taskArn":"{}","containers":[{{"containerName":"app","healthStatus":"{}"}}]}}]}}}})",
                    arn, status));
    settle();
  }

  const state::Scope kScope{"000000000000", "us-east-1"};
  api::ApiForTest api;
  Links links{api.writer};
  watch::WatchHub hub{api.writer, 2s};
  runner::Runner runner{api.writer};
  AgentHandler handler{api.front, api.writer, links, std::make_shared<const auth::TemporaryKeys>("seal")};
  watch::WatchHandler watch_handler{api.front, hub};
  http::Server server{api.loop, http::ServerOptions{.read_timeout = 0s, .idle_timeout = 3600s}, api.front};
  std::unique_ptr<net::Listener> listener = std::make_unique<net::Listener>(
      api.loop, *net::listen_tcp("127.0.0.1", 0), [this](int fd, const net::SocketAddress& peer) {
        server.serve(std::make_unique<net::TcpStream>(api.loop, fd), http::ConnectionInfo{.peer = peer});
      });
  net::Resolver resolver{api.loop};
  http::Fetcher fetcher{api.loop, resolver, nullptr};
  std::vector<std::unique_ptr<AgentForTest>> agents_;
  AgentForTest* tcs = nullptr;
};

TEST_F(Scenario, a_service_runs_is_steady_loses_a_task_and_gets_another) {
  const std::string arn = add_instance();
  AgentForTest& agent = connect(arn);
  ASSERT_TRUE(agent.is_open) << agent.error;
  EXPECT_EQ(agent.others.front(), "HeartbeatMessage");
  ASSERT_EQ(agent.manifests.size(), 1U);
  EXPECT_TRUE(agent.manifests[0].tasks->empty());
  tcs = &connect(arn, "/tcs/ws?cluster=web&containerInstance=");

  create_service(2);
  auto tasks = agent.take_tasks();
  ASSERT_EQ(tasks.size(), 2U);
  const ecs::agent::Task& first = tasks[0];
  EXPECT_EQ(first.desired_status, "RUNNING");
  EXPECT_EQ(first.family, "whoami");
  EXPECT_EQ(first.version, "1");
  EXPECT_EQ(first.service_name, "whoami");
  ASSERT_EQ(first.containers->size(), 1U);
  EXPECT_EQ(first.containers->front().environment->at("A"), "1");
  EXPECT_EQ(first.containers->front().health_check_type, "docker");
  EXPECT_THAT(*first.containers->front().docker_config->config, HasSubstr(R"("traefik.enable":"true")"));
  ASSERT_TRUE(first.role_credentials);
  EXPECT_EQ(first.role_credentials->role_arn, "arn:aws:iam::000000000000:role/reader");
  EXPECT_EQ(number(service(), "pendingCount"), 2);

  for (const auto& t : tasks) report(*t.arn, "RUNNING");
  EXPECT_EQ(number(service(), "runningCount"), 2);
  EXPECT_EQ(number(service(), "pendingCount"), 0);
  EXPECT_EQ(task(*tasks[0].arn).string_at("lastStatus"), "RUNNING");
  EXPECT_EQ(task(*tasks[0].arn).string_at("healthStatus"), "UNKNOWN");
  for (const auto& t : tasks) healthy(*t.arn);
  EXPECT_THAT(tcs->others, Contains("AckPublishHealth"));
  EXPECT_EQ(task(*tasks[0].arn).string_at("healthStatus"), "HEALTHY");
  EXPECT_THAT(events(), Contains("(service whoami) has reached a steady state."));
  EXPECT_EQ((*service().find("deployments")->if_array())[0].string_at("rolloutState"), "COMPLETED");

  // Nothing happens any more by itself.
  const auto revision = api.writer.view()->revision();
  pass(20s);
  EXPECT_EQ(api.writer.view()->revision(), revision);
  EXPECT_TRUE(agent.payloads.empty());

  // An essential container exits: the task is replaced.
  report(*tasks[0].arn, "STOPPED", R"(, "exitCode": 1)");
  const auto gone = task(*tasks[0].arn);
  EXPECT_EQ(gone.string_at("stopCode"), "EssentialContainerExited");
  EXPECT_EQ(gone.string_at("stoppedReason"), "Essential container in task exited");
  const auto next = agent.take_tasks();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_NE(next[0].arn, tasks[0].arn);
  report(*next[0].arn, "RUNNING");
  EXPECT_EQ(number(service(), "runningCount"), 2);

  // Started again, the agent has no keys for what it took over.
  EXPECT_THAT(agent.others, Not(Contains("IAMRoleCredentialsMessage")));
  AgentForTest& restarted = connect(arn);
  EXPECT_THAT(restarted.others, Contains("IAMRoleCredentialsMessage").Times(2));
}

TEST_F(Scenario, a_task_that_is_to_stop_serves_on_while_a_proxy_watches) {
  api.writer.set_drain_delay(2s);
  AgentForTest& agent = connect(add_instance());
  create_service(1);
  const std::string arn = *agent.take_tasks().at(0).arn;
  report(arn, "RUNNING");
  ASSERT_EQ(api.call("StopTask", fmt::format(R"({{"cluster": "web", "task": "{}"}})", arn)).status, 200);
  settle();
  EXPECT_EQ(task(arn).string_at("lastStatus"), "DEACTIVATING");
  EXPECT_EQ(task(arn).string_at("desiredStatus"), "STOPPED");
  EXPECT_EQ(task(arn).string_at("stoppedReason"), "Task stopped by user");
  for (const auto& t : agent.take_tasks()) EXPECT_EQ(t.desired_status, "RUNNING") << "its agent hears of it too early";
  pass(1900ms);
  for (const auto& t : agent.take_tasks()) EXPECT_EQ(t.desired_status, "RUNNING") << "its agent hears of it too early";
  pass(200ms);
  const auto stop = agent.take_tasks();
  ASSERT_EQ(stop.size(), 1U);
  EXPECT_EQ(stop[0].arn, arn);
  EXPECT_EQ(stop[0].desired_status, "STOPPED");
  EXPECT_EQ(task(arn).string_at("lastStatus"), "STOPPING");
  report(arn, "STOPPED");
  EXPECT_EQ(task(arn).string_at("lastStatus"), "STOPPED");
  EXPECT_EQ(task(arn).string_at("stopCode"), "UserInitiated");

  // Kept for an hour, then forgotten.
  pass(3599s);
  EXPECT_EQ(task(arn).string_at("lastStatus"), "STOPPED");
  pass(61s);
  const auto reply = api.call("DescribeTasks", fmt::format(R"({{"cluster": "web", "tasks": ["{}"]}})", arn));
  EXPECT_EQ(json::to_text(*reply.body.find("failures")), fmt::format(R"([{{"arn":"{}","reason":"MISSING"}}])", arn));
}

TEST_F(Scenario, a_session_keeps_no_state_from_when_it_last_heard_something) {
  AgentForTest& agent = connect(add_instance());
  create_service(1);
  ASSERT_EQ(agent.take_tasks().size(), 1U);
  api.writer.submit(kScope, [](state::Transaction& tx) {
    state::Task task = **tx.state().tasks().all().begin();
    ++*task.shape.version;
    tx.put(std::move(task));
    return true;
  });
  settle();
  const std::weak_ptr<const state::View> then = api.writer.view();
  api.call("CreateCluster", R"({"clusterName": "other"})");
  settle();
  EXPECT_TRUE(then.expired());
}

TEST_F(Scenario, what_an_agent_did_not_acknowledge_it_is_told_again_also_after_a_reconnect) {
  const std::string arn = add_instance();
  AgentForTest& agent = connect(arn);
  agent.acknowledges = false;
  create_service(1);
  const std::string task_arn = *agent.take_tasks().at(0).arn;
  pass(4s);
  EXPECT_TRUE(agent.take_tasks().empty());
  pass(6s);
  pass(5s);
  ASSERT_EQ(agent.take_tasks().size(), 1U);

  agent.hang_up();
  ASSERT_TRUE(turn_until([&] { return agent.has_ended; }));
  settle();
  auto described =
      api.call("DescribeContainerInstances", fmt::format(R"({{"cluster": "web", "containerInstances": ["{}"]}})", arn));
  EXPECT_THAT(json::to_text(described.body), HasSubstr(R"("agentConnected":false)"));

  AgentForTest& again = connect(arn);
  EXPECT_EQ(again.take_tasks().at(0).arn, task_arn);
  ASSERT_EQ(again.manifests.size(), 1U);
  EXPECT_EQ(again.manifests[0].tasks->at(0).task_arn, task_arn);
  report(task_arn, "RUNNING");
  described =
      api.call("DescribeContainerInstances", fmt::format(R"({{"cluster": "web", "containerInstances": ["{}"]}})", arn));
  const std::string shown = json::to_text(described.body);
  EXPECT_THAT(shown, HasSubstr(R"("agentConnected":true)"));
  EXPECT_THAT(shown, HasSubstr(R"("runningTasksCount":1)"));
  EXPECT_THAT(shown, HasSubstr(R"("name":"CPU","type":"INTEGER","doubleValue":0,"longValue":0,"integerValue":1920)"))
      << shown;

  // What we do not know of, it may stop; what we do, not.
  again.send(ecs::agent::TaskStopVerificationMessage{
      .message_id = "m",
      .stop_candidates = {
          {{.task_arn = task_arn},
           {.task_arn = "arn:aws:ecs:us-east-1:000000000000:task/web/ffffffffffffffffffffffffffffffff"}}}});
  ASSERT_TRUE(turn_until([&] { return again.confirmed.has_value(); }));
  ASSERT_EQ(again.confirmed->stop_tasks->size(), 1U);
  EXPECT_THAT(*again.confirmed->stop_tasks->front().task_arn, HasSubstr("ffff"));

  // A second connection of the same instance takes the place of the first.
  connect(arn);
  EXPECT_TRUE(turn_until([&] { return again.has_ended; }));
  EXPECT_THAT(again.others, Contains("CloseMessage"));

  EXPECT_EQ(
      api.call("DeregisterContainerInstance", fmt::format(R"({{"cluster": "web", "containerInstance": "{}"}})", arn))
          .error,
      "InvalidParameterException");
  ASSERT_EQ(api.call("DeregisterContainerInstance",
                     fmt::format(R"({{"cluster": "web", "containerInstance": "{}", "force": true}})", arn))
                .status,
            200);
  settle();
  EXPECT_THAT(agents_.back()->others, Contains("InactiveInstanceException"));
  EXPECT_THAT(connect(arn).error, HasSubstr("InactiveInstanceException"));
  // One that was never registered may register; the agent tells the two apart.
  EXPECT_THAT(connect(arn.substr(0, arn.rfind('/') + 1) + std::string(32, 'f')).error,
              HasSubstr("InvalidInstanceException"));
}

TEST_F(Scenario, a_rolling_update_replaces_every_task_and_a_deleted_service_goes) {
  AgentForTest& agent = connect(add_instance());
  const std::string second = add_instance();
  AgentForTest& other = connect(second);
  create_service(2);
  const auto run_all = [&] {
    for (auto* a : {&agent, &other})
      for (const auto& t : a->take_tasks()) report(*t.arn, std::string(*t.desired_status));
  };
  const auto all_run = [&] {
    for (int i = 0; i < 20; ++i) run_all();
  };
  all_run();
  ASSERT_EQ(number(service(), "runningCount"), 2);
  put_definition(2);
  // UNKNOWN health of a container with a check holds the roll-out back, so this revision's tasks are made HEALTHY.
  ASSERT_EQ(
      api.call("UpdateService", R"({"cluster": "web", "service": "whoami", "taskDefinition": "whoami:2"})").status,
      200);
  settle();
  EXPECT_EQ(service().find("deployments")->if_array()->size(), 2U);
  EXPECT_THAT(std::string(service().string_at("taskDefinition")), HasSubstr("whoami:2"));

  ASSERT_EQ(api.call("DeleteService", R"({"cluster": "web", "service": "whoami"})").error, "InvalidParameterException");
  ASSERT_EQ(api.call("DeleteService", R"({"cluster": "web", "service": "whoami", "force": true})").status, 200);
  settle();
  EXPECT_EQ(service().string_at("status"), "DRAINING");
  all_run();
  EXPECT_EQ(service().string_at("status"), "INACTIVE");
  EXPECT_EQ(json::to_text(*api.call("ListServices", R"({"cluster": "web"})").body.find("serviceArns")), "[]");
  EXPECT_EQ(json::to_text(*api.call("ListTasks", R"({"cluster": "web"})").body.find("taskArns")), "[]");
  pass(3601s);
  EXPECT_EQ(json::to_text(
                *api.call("DescribeServices", R"({"cluster": "web", "services": ["whoami"]})").body.find("failures")),
            R"([{"arn":"arn:aws:ecs:us-east-1:000000000000:service/web/whoami","reason":"MISSING"}])");
}

TEST_F(Scenario, run_task_places_names_what_does_not_fit_and_is_idempotent) {
  EXPECT_EQ(json::to_text(api.call("RunTask", R"({"cluster": "web", "taskDefinition": "whoami"})").body),
            R"({"__type":"InvalidParameterException","message":"No Container Instances were found in your cluster."})");
  const std::string arn = add_instance();
  pass(61s);  // its agent has not come
  auto reply = api.call("RunTask", R"({"cluster": "web", "taskDefinition": "whoami"})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(json::to_text(reply.body),
            fmt::format(R"({{"tasks":[],"failures":[{{"arn":"{}","reason":"AGENT"}}]}})", arn));
  AgentForTest& agent = connect(arn);
  const std::string request = R"({"cluster": "web", "taskDefinition": "whoami", "count": 2, "clientToken": "t1",
      "startedBy": "me", "overrides": {"containerOverrides": [{"name": "app", "command": ["x"],
      "environment": [{"name": "A", "value": "2"}]}]}})";
  reply = api.call("RunTask", request);
  ASSERT_EQ(reply.body.find("tasks")->if_array()->size(), 2U);
  settle();
  const auto told = agent.take_tasks();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].containers->front().environment->at("A"), "2");
  EXPECT_THAT(*told[0].containers->front().command, ElementsAre("x"));
  const auto again = api.call("RunTask", request);
  EXPECT_EQ((*again.body.find("tasks")->if_array())[0].string_at("taskArn"),
            (*reply.body.find("tasks")->if_array())[0].string_at("taskArn"));
  settle();
  EXPECT_TRUE(agent.take_tasks().empty());
  EXPECT_EQ(api.call("RunTask", R"({"cluster": "web", "taskDefinition": "whoami", "clientToken": "t1"})").error,
            "ConflictException");
  const auto listed = [&](const char* filter) {
    return api.call("ListTasks", filter).body.find("taskArns")->if_array()->size();
  };
  EXPECT_EQ(listed(R"({"cluster": "web", "startedBy": "me"})"), 2U);
  EXPECT_EQ(listed(R"({"cluster": "web", "startedBy": "you"})"), 0U);
  EXPECT_EQ(listed(R"({"cluster": "web", "family": "whoami"})"), 2U);
  EXPECT_EQ(listed(R"({"cluster": "web", "desiredStatus": "PENDING"})"), 0U);
  const auto page = api.call("ListTasks", R"({"cluster": "web", "maxResults": 1})");
  EXPECT_EQ(page.body.find("taskArns")->if_array()->size(), 1U);
  EXPECT_EQ(listed(fmt::format(R"({{"cluster": "web", "nextToken": "{}"}})", page.body.string_at("nextToken")).c_str()),
            1U);
}

TEST_F(Scenario, a_protected_task_outlives_scale_in_until_its_protection_is_over) {
  const std::string instance = add_instance();
  AgentForTest& agent = connect(instance);
  tcs = &connect(instance, "/tcs/ws?cluster=web&containerInstance=");
  create_service(2);
  const auto tasks = agent.take_tasks();
  ASSERT_EQ(tasks.size(), 2U);
  for (const auto& t : tasks) report(*t.arn, "RUNNING"), healthy(*t.arn);
  const auto update = [&](const std::string& arn, std::string_view members) {
    const auto reply =
        api.call("UpdateTaskProtection", fmt::format(R"({{"cluster": "web", "tasks": ["{}"], {}}})", arn, members));
    EXPECT_EQ(reply.error, "");
    return json::to_text(reply.body);
  };
  const auto get = [&](const std::string& arn) {
    return json::to_text(
        api.call("GetTaskProtection", fmt::format(R"({{"cluster": "web", "tasks": ["{}"]}})", arn)).body);
  };
  const auto scale_to = [&](int count) {
    EXPECT_EQ(api.call("UpdateService",
                       fmt::format(R"({{"cluster": "web", "service": "whoami", "desiredCount": {}}})", count))
                  .error,
              "");
    settle();
  };
  const auto stopped = [&] {
    std::vector<std::string> out;
    for (const auto& t : agent.take_tasks())
      if (t.desired_status == "STOPPED") out.push_back(*t.arn);
    return out;
  };
  // The newer one, which goes first otherwise; two hours when nothing is said.
  const std::string older = *tasks[0].arn < *tasks[1].arn ? *tasks[0].arn : *tasks[1].arn;
  const std::string newer = older == *tasks[0].arn ? *tasks[1].arn : *tasks[0].arn;
  EXPECT_EQ(get(newer),
            fmt::format(R"({{"protectedTasks":[{{"taskArn":"{}","protectionEnabled":false}}],"failures":[]}})", newer));
  const std::string whole = fmt::format(
      R"({{"protectedTasks":[{{"taskArn":"{}","protectionEnabled":true,"expirationDate":1767232800}}],"failures":[]}})",
      newer);
  EXPECT_EQ(update(newer, R"("protectionEnabled": true)"), whole);
  EXPECT_EQ(get(newer), whole);
  scale_to(1);
  EXPECT_THAT(stopped(), ElementsAre(older));
  EXPECT_THAT(update(older, R"("protectionEnabled": true)"), HasSubstr("The specified task is stopping."));
  report(older, "STOPPED");
  EXPECT_THAT(events().front(), HasSubstr("has reached a steady state."));

  scale_to(0);
  EXPECT_THAT(stopped(), ElementsAre());
  EXPECT_THAT(events().front(), HasSubstr("1 tasks that are to be stopped are protected."));
  // More protected tasks than the service is to have: no further ones, nor longer.
  EXPECT_THAT(update(newer, R"("protectionEnabled": true, "expiresInMinutes": 2880)"), HasSubstr("DEPLOYMENT_BLOCKED"));
  pass(2h - 1s);
  EXPECT_EQ(task(newer).string_at("desiredStatus"), "RUNNING");
  EXPECT_EQ(get(newer), whole);
  pass(2s);
  EXPECT_EQ(task(newer).string_at("desiredStatus"), "STOPPED");
  EXPECT_THAT(get(newer), HasSubstr(R"("protectionEnabled":false)"));
}

TEST_F(Scenario, a_protection_that_is_ended_counts_no_longer) {
  AgentForTest& agent = connect(add_instance());
  create_service(1);
  const std::string arn = *agent.take_tasks().at(0).arn;
  report(arn, "RUNNING");
  const auto update = [&](std::string_view value) {
    return json::to_text(
        api.call("UpdateTaskProtection",
                 fmt::format(R"({{"cluster": "web", "tasks": ["{}"], "protectionEnabled": {}}})", arn, value))
            .body);
  };
  EXPECT_THAT(update("true"), HasSubstr(R"("protectionEnabled":true)"));
  ASSERT_EQ(api.call("UpdateService", R"({"cluster": "web", "service": "whoami", "desiredCount": 0})").error, "");
  settle();
  EXPECT_TRUE(agent.take_tasks().empty());
  EXPECT_THAT(update("false"), HasSubstr(R"("protectionEnabled":false)"));
  settle();
  EXPECT_EQ(agent.take_tasks().at(0).desired_status, "STOPPED");
}

TEST_F(Scenario, a_watch_tells_what_changes_at_once_and_goes_on_from_where_it_was) {
  const std::string url =
      "http://127.0.0.1:" + std::to_string(net::local_address(listener->fd())->port) + "/fairlead/v1/watch?once=true";
  const auto watch = [&](std::string since) {
    auto out = std::make_shared<std::optional<Result<http::FetchResponse>>>();
    http::FetchRequest request{.url = *http::Url::parse(url), .headers = {}, .body = {}};
    if (!since.empty()) request.headers.emplace_back("Last-Event-ID", since);
    net::spawn([](http::Fetcher& f, http::FetchRequest r, auto o) -> net::Task<> {
      o->emplace(co_await f.fetch(std::move(r), {.timeout = 60s}));
    }(fetcher, std::move(request), out));
    return out;
  };
  const auto body = [](const auto& answer) { return (***answer).body; };
  const std::string now = std::to_string(api.writer.view()->revision());
  auto first = watch("");
  ASSERT_TRUE(turn_until([&] { return first->has_value(); }));
  EXPECT_EQ(body(first), "id: " + now + "\nevent: ready\ndata: {\"revision\":" + now + "}\n\n");

  auto next = watch(now);
  settle();
  EXPECT_FALSE(next->has_value());
  const std::string arn = add_instance();
  ASSERT_TRUE(turn_until([&] { return next->has_value(); }));
  EXPECT_THAT(body(next), HasSubstr(R"("kind":"containerInstance")"));
  EXPECT_THAT(body(next), HasSubstr("event: change"));

  auto late = watch(now);  // what it missed is told at once
  ASSERT_TRUE(turn_until([&] { return late->has_value(); }));
  EXPECT_EQ(body(late), body(next));
  auto quiet = watch(std::to_string(api.writer.view()->revision()));
  settle();
  pass(15s);
  ASSERT_TRUE(turn_until([&] { return quiet->has_value(); }));
  EXPECT_EQ(body(quiet), "");
}

}  // namespace
}  // namespace fl::control::agents
