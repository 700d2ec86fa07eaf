// What must hold when the agent or its control plane goes away and comes back.
#include <gmock/gmock.h>

#include "agent/agent_for_test.h"

namespace fl::agent {
namespace {

using namespace ecs::agent;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(AgentTest, ContainersAreTakenOverByTheNextAgent) {
  begin();
  connected();
  send_task("t1", {shell("web", "while :; do sleep 0.01; done")});
  send_task("t2", {shell("web", "while :; do sleep 0.01; done")});
  ASSERT_TRUE(told("t1", {"RUNNING"}));
  ASSERT_TRUE(told("t2", {"RUNNING"}));
  for (const char* id : {"t1", "t2"}) ASSERT_TRUE(knows_running_was_told(id));
  const size_t told_before = control->changes.size();
  end();
  begin();
  connected();
  // Known as the same instance, nothing started twice, nothing told twice.
  EXPECT_EQ(control->calls.back().first, "DiscoverPollEndpoint");
  EXPECT_EQ(control->count_calls("RegisterContainerInstance"), 2u);
  const auto again = std::ranges::find_if(control->calls.begin() + 1, control->calls.end(),
                                          [](const auto& call) { return call.first == "RegisterContainerInstance"; });
  EXPECT_EQ(again->second.string_at("containerInstanceArn"), FakeControlPlane::kInstance);
  send_task("t1", {shell("web", "while :; do sleep 0.01; done")});
  ASSERT_TRUE(turn_until([&] { return control->count("AckRequest") == 3; }));
  EXPECT_EQ(containers_on_disk(), 2u);
  EXPECT_EQ(control->changes.size(), told_before);
  send_task("t1", {}, "STOPPED");
  send_task("t2", {}, "STOPPED");
  EXPECT_TRUE(told("t1", {"RUNNING", "STOPPED"}));
  EXPECT_TRUE(told("t2", {"RUNNING", "STOPPED"}));
}

TEST_F(AgentTest, WhatHappenedWhileNobodyListenedIsToldLater) {
  begin();
  connected();
  send_task("t1", {shell("web", "while [ ! -e ../../../end ]; do sleep 0.01; done; exit 6")});
  ASSERT_TRUE(told("t1", {"RUNNING"}));
  control->acknowledges = false;
  std::filesystem::create_directory(directory.path() + "/end");
  ASSERT_TRUE(turn_until([&] { return control->count_calls("SubmitTaskStateChange") >= 2; }));
  EXPECT_THAT(control->told(task_arn("t1")), ElementsAre("RUNNING"));
  end();  // not acknowledged: kept over a restart
  control->acknowledges = true;
  begin();
  ASSERT_TRUE(told("t1", {"RUNNING", "STOPPED"}));
  EXPECT_EQ(container_change("web").exit_code, 6);
}

TEST_F(AgentTest, RunsOnWithoutAControlPlane) {
  begin();
  connected();
  send_task("t1", {shell("web", "while :; do sleep 0.01; done")});
  ASSERT_TRUE(told("t1", {"RUNNING"}));
  const uint16_t port = control->port();
  control->close();
  ASSERT_TRUE(turn_until([&] { return control->idle(); }));
  control.emplace(loop, port);
  ASSERT_TRUE(turn_until([&] { return control->has_acs(); }));
  EXPECT_THAT(control->changes, IsEmpty());
  send_task("t1", {}, "STOPPED");
  EXPECT_TRUE(told("t1", {"STOPPED"}));
}

TEST_F(AgentTest, StopsWhatTheManifestDoesNotKnowOnceThatIsConfirmed) {
  begin();
  connected();
  send_task("keep", {shell("web", "while :; do sleep 0.01; done")});
  send_task("drop", {shell("web", "while :; do sleep 0.01; done")});
  ASSERT_TRUE(told("keep", {"RUNNING"}));
  ASSERT_TRUE(told("drop", {"RUNNING"}));
  control->send(TaskManifestMessage{
      .message_id = "mf", .timeline = 3, .tasks = std::vector{TaskIdentifier{task_arn("keep"), {}, "RUNNING"}}});
  ASSERT_TRUE(turn_until([&] { return control->count("TaskStopVerificationMessage") == 1; }));
  TaskStopVerificationMessage question;
  ASSERT_TRUE(decode(control->from_acs.back().message, question));
  ASSERT_EQ(ecs::items(question.stop_candidates).size(), 1u);
  EXPECT_EQ(question.stop_candidates->at(0).task_arn, task_arn("drop"));
  control->send(TaskStopVerificationAck{.message_id = "mf", .generated_at = 1, .stop_tasks = question.stop_candidates});
  EXPECT_TRUE(told("drop", {"RUNNING", "STOPPED"}));
  // An older manifest has been overtaken.
  control->send(TaskManifestMessage{.message_id = "old", .timeline = 2, .tasks = std::vector<TaskIdentifier>{}});
  control->send(HeartbeatMessage{.message_id = "after", .healthy = true});
  ASSERT_TRUE(turn_until([&] { return control->count("HeartbeatAckRequest") == 1; }));
  EXPECT_EQ(control->count("TaskStopVerificationMessage"), 1u);
  EXPECT_THAT(control->told(task_arn("keep")), ElementsAre("RUNNING"));
}

TEST_F(AgentTest, StaysAwayWhenItWasDeregistered) {
  begin();
  connected();
  send_task("t1", {shell("web", "while [ ! -e ../../../end ]; do sleep 0.01; done; exit 6")});
  ASSERT_TRUE(told("t1", {"RUNNING"}));
  control->send_text(ecs::agent::error_text("InactiveInstanceException", "gone"));
  ASSERT_TRUE(turn_until([&] { return !control->has_acs(); }));
  // What still runs is told of to its end, which takes longer than registering anew would have.
  std::filesystem::create_directory(directory.path() + "/end");
  ASSERT_TRUE(told("t1", {"RUNNING", "STOPPED"}));
  EXPECT_EQ(control->count_calls("RegisterContainerInstance"), 1u);
  EXPECT_EQ(control->acs_connections, 1);
}

TEST_F(AgentTest, RegistersAnewWhenItIsNotKnown) {
  begin();
  connected();
  control->send_text(ecs::agent::error_text("InvalidInstanceException", "never heard of"));
  ASSERT_TRUE(turn_until(
      [&] { return control->count_calls("RegisterContainerInstance") == 2 && control->acs_connections == 2; }));
  std::vector<json::Value> registrations;
  for (const auto& [action, request] : control->calls)
    if (action == "RegisterContainerInstance") registrations.push_back(request);
  EXPECT_EQ(registrations.at(1).find("containerInstanceArn"), nullptr);
}

}  // namespace
}  // namespace fl::agent
