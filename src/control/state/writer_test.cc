#include "control/state/writer.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "support/loop_fixture.h"

namespace fl::control::state {
namespace {

// Keeps rows in memory, counts commits, and fails when told to.
class MemoryStore final : public store::Store {
 public:
  net::Task<Result<int64_t>> load(std::function<Result<>(const store::Row&)> visit) override {
    for (const auto& [key, value] : rows)
      FL_CO_TRY_VOID(visit({std::get<0>(key), std::get<1>(key), std::get<2>(key), std::get<3>(key), value}));
    co_return revision;
  }
  net::Task<Result<>> commit(store::Batch batch) override {
    ++commits;
    if (fails) co_return fail(Code::exhausted, "the disk is full");
    EXPECT_EQ(batch.expected, revision);
    for (const auto& w : batch.writes) {
      const auto key = std::make_tuple(w.account, w.region, std::string(w.kind), w.key);
      if (w.value)
        rows[key] = *w.value;
      else
        rows.erase(key);
    }
    revision = batch.revision;
    co_return Result<>();
  }

  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::string> rows;
  int64_t revision = 0;
  int commits = 0;
  bool fails = false;
};

const Scope kHere{"000000000000", "us-east-1"};
const Scope kElsewhere{"000000000000", "eu-west-1"};

Cluster cluster(std::string name) {
  Cluster out{.name = name};
  out.shape.cluster_name = name;
  out.shape.status = "ACTIVE";
  return out;
}

class WriterTest : public fl::testing::LoopFixture {
 protected:
  // Starts a write; its answer stands in the result once it has come.
  template <class F>
  auto start(Scope scope, F f) {
    using R = std::invoke_result_t<F&, Transaction&>;
    auto answer = std::make_shared<std::optional<Result<R>>>();
    net::spawn([](Writer& w, Scope s, F command, auto out) -> net::Task<> {
      out->emplace(co_await w.write(std::move(s), std::move(command)));
    }(writer, std::move(scope), std::move(f), answer));
    return answer;
  }
  template <class F>
  auto run(Scope scope, F f) {
    auto answer = start(std::move(scope), std::move(f));
    EXPECT_TRUE(turn_until([&] { return answer->has_value(); }));
    return **answer;
  }

  MemoryStore store;
  Writer writer{loop, store, std::make_shared<const View>(), IdSource(1)};
};

TEST_F(WriterTest, a_command_is_answered_when_its_change_is_kept_and_seen) {
  const auto answer = run(kHere, [](Transaction& tx) {
    tx.put(cluster("web"));
    EXPECT_NE(tx.state().clusters().find({"web"}), nullptr) << "reads do not see the writes before them";
    return 7;
  });
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, 7);
  EXPECT_EQ(store.revision, 1);
  EXPECT_EQ(writer.view()->revision(), 1);
  EXPECT_NE(writer.view()->in(kHere).clusters().find({"web"}), nullptr);
  EXPECT_EQ(writer.view()->in(kElsewhere).clusters().size(), 0U);
}

TEST_F(WriterTest, a_reader_keeps_its_view) {
  (void)run(kHere, [](Transaction& tx) { return tx.put(cluster("web")), 0; });
  const auto before = writer.view();
  (void)run(kHere, [](Transaction& tx) { return tx.erase(cluster("web")), 0; });
  EXPECT_NE(before->in(kHere).clusters().find({"web"}), nullptr);
  EXPECT_EQ(writer.view()->in(kHere).clusters().find({"web"}), nullptr);
  EXPECT_TRUE(store.rows.empty());
}

TEST_F(WriterTest, commands_that_wait_together_share_a_commit_and_fail_alone) {
  std::vector<std::shared_ptr<std::optional<Result<Result<int>>>>> answers;
  for (int i = 0; i < 10; ++i)
    answers.push_back(start(kHere, [i](Transaction& tx) -> Result<int> {
      tx.put(cluster("c" + std::to_string(i)));
      if (i % 2 != 0) return fail(Code::invalid, "no");
      return static_cast<int>(tx.state().clusters().size());
    }));
  ASSERT_TRUE(turn_until([&] { return answers.back()->has_value(); }));
  EXPECT_EQ(store.commits, 1);
  EXPECT_EQ(store.revision, 5);
  EXPECT_EQ(writer.view()->in(kHere).clusters().size(), 5U);
  for (size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(**answers[i]);
    EXPECT_EQ((***answers[i]).has_value(), i % 2 == 0);
  }
  EXPECT_EQ(****answers[8], 5) << "a command does not see those accepted before it";
}

TEST_F(WriterTest, what_cannot_be_kept_is_not_answered_well_nor_seen) {
  store.fails = true;
  const auto answer = run(kHere, [](Transaction& tx) { return tx.put(cluster("web")), 0; });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::exhausted);
  EXPECT_EQ(writer.view()->in(kHere).clusters().size(), 0U);
  store.fails = false;
  EXPECT_TRUE(run(kHere, [](Transaction& tx) { return tx.put(cluster("web")), 0; }));
  EXPECT_EQ(writer.view()->revision(), 1);
}

TEST_F(WriterTest, listeners_hear_what_changed) {
  std::vector<Accepted> heard;
  writer.add_listener([&](const std::shared_ptr<const Commit>& commit) {
    heard.insert(heard.end(), commit->accepted.begin(), commit->accepted.end());
  });
  (void)run(kHere, [](Transaction& tx) {
    tx.put(cluster("web"));
    tx.put(AccountSetting{.name = "containerInsights", .value = "enabled"});
    return 0;
  });
  (void)run(kHere, [](Transaction&) { return 0; });
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].revision, 1);
  ASSERT_EQ(heard[0].changes.size(), 2U);
  EXPECT_EQ(heard[0].changes[0].kind, Kind::cluster);
  EXPECT_EQ(heard[0].changes[0].key, "web");
  EXPECT_EQ(heard[0].changes[0].cluster, "web");
  EXPECT_EQ(heard[0].changes[1].key, "/containerInsights");
}

TEST_F(WriterTest, a_load_gives_back_what_was_written) {
  Task task{.cluster = "web", .id = "0123", .family = "f", .revision = 3, .service = "s", .instance = "i"};
  task.shape.last_status = "RUNNING";
  task.shape.desired_status = "RUNNING";
  task.shape.started_by = "ecs-svc/1";
  task.shape.created_at = loop.wall();
  task.shape.containers.emplace().emplace_back().name = "app";
  task.reservation = {.cpu = 256, .memory = 512, .tcp_ports = {80, 443}};
  task.drain_until = loop.wall() + 2s;
  Service service{.cluster = "web", .name = "s", .next_event = 4};
  service.shape.scheduling_strategy = "REPLICA";
  service.state.placement_failure = schedule::Misfit::memory;
  service.deployments.push_back({.state = {.status = reconcile::DeploymentStatus::active, .failed_tasks = 2}});
  service.deployments.back().shape.id = "ecs-svc/1";
  ServiceEvent event{.cluster = "web", .service = "s", .number = 3};
  event.shape.message = "(service s) has \"started\"";
  (void)run(kHere, [&](Transaction& tx) {
    tx.put(cluster("web"));
    tx.put(task);
    tx.put(service);
    tx.put(event);
    tx.put(ClientToken{.action = "RunTask", .token = "t", .ids = {"0123"}});
    return 0;
  });

  std::optional<Result<std::shared_ptr<const View>>> loaded;
  net::spawn([](store::Store& s, auto& out) -> net::Task<> { out.emplace(co_await load_view(s)); }(store, loaded));
  ASSERT_TRUE(loaded && *loaded) << loaded->error().message;
  const Partition& state = (**loaded)->in(kHere);
  EXPECT_EQ((**loaded)->revision(), 1);
  ASSERT_NE(state.tasks().find({"web", "0123"}), nullptr);
  EXPECT_EQ(*state.tasks().find({"web", "0123"}), task);
  EXPECT_EQ(*state.services().find({"web", "s"}), service);
  EXPECT_EQ(*state.service_events().find({"web", "s", 3}), event);
  EXPECT_EQ(state.client_tokens().size(), 1U);
  EXPECT_EQ(state.tasks().by<task::ByStarter>().count(
                std::tuple<Text, Text, Text, Text>("web", "ecs-svc/1", "RUNNING", "RUNNING")),
            1U);

  store.rows[{"a", "r", "wonder", "k"}] = "{}";
  loaded.reset();
  net::spawn([](store::Store& s, auto& out) -> net::Task<> { out.emplace(co_await load_view(s)); }(store, loaded));
  EXPECT_FALSE(*loaded) << "a record of an unknown kind is dropped in silence";
}

TEST_F(WriterTest, tasks_move_between_the_ranges_they_belong_to) {
  Task task{.cluster = "c", .id = "1", .family = "f", .service = "s", .instance = "i"};
  task.shape.desired_status = "RUNNING";
  task.shape.last_status = "PENDING";
  (void)run(kHere, [&](Transaction& tx) { return tx.put(task), 0; });
  using Three = std::tuple<Text, Text, Text>;
  const auto running = [&] {
    return writer.view()->in(kHere).tasks().by<task::ByService>().count(Three("c", "s", "RUNNING"));
  };
  EXPECT_EQ(running(), 1U);
  EXPECT_EQ(writer.view()->in(kHere).tasks().by<task::ByStopTime>().size(), 0U);
  task.shape.desired_status = "STOPPED";
  task.shape.last_status = "STOPPED";
  task.shape.stopped_at = loop.wall();
  (void)run(kHere, [&](Transaction& tx) { return tx.put(task), 0; });
  EXPECT_EQ(running(), 0U);
  EXPECT_EQ(writer.view()->in(kHere).tasks().by<task::ByService>().count(Three("c", "s", "STOPPED")), 1U);
  EXPECT_EQ(writer.view()->in(kHere).tasks().by<task::ByStopTime>().size(), 1U);
  (void)run(kHere, [&](Transaction& tx) { return tx.erase(task), 0; });
  EXPECT_EQ(writer.view()->in(kHere).tasks().by<task::ByStopTime>().size(), 0U);
  EXPECT_EQ(writer.view()->in(kHere).tasks().size(), 0U);
}

TEST(WriterThreads, answers_come_back_on_the_callers_loop) {
  MemoryStore store;
  net::Loop control_loop;
  Writer writer(control_loop, store, std::make_shared<const View>());
  std::thread control([&] {
    control_loop.make_current();
    control_loop.run();
  });
  constexpr int kCallers = 3, kWrites = 200;
  std::vector<std::thread> callers;
  for (int c = 0; c < kCallers; ++c)
    callers.emplace_back([&writer, c] {
      net::Loop loop;
      loop.make_current();
      net::spawn([](Writer& w, net::Loop& home, int caller) -> net::Task<> {
        const auto self = std::this_thread::get_id();
        for (int i = 0; i < kWrites; ++i) {
          const std::string name = std::to_string(caller) + "-" + std::to_string(i);
          const auto answer = co_await w.write(kHere, [name](Transaction& tx) { return tx.put(cluster(name)), 1; });
          EXPECT_TRUE(answer);
          EXPECT_EQ(std::this_thread::get_id(), self);
          EXPECT_NE(w.view()->in(kHere).clusters().find({name}), nullptr) << "a caller does not see its own write";
        }
        home.stop();
      }(writer, loop, c));
      loop.run();
    });
  for (auto& caller : callers) caller.join();
  control_loop.stop();
  control.join();
  EXPECT_EQ(writer.view()->revision(), kCallers * kWrites);
  EXPECT_LE(store.commits, kCallers * kWrites);
}

}  // namespace
}  // namespace fl::control::state
