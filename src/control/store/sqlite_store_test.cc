#include "control/store/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>

namespace fl::control::store {
namespace {

// Runs a task that waits for nothing.
template <class T>
T finish(net::Task<T> task) {
  std::optional<T> out;
  net::spawn([](net::Task<T> t, std::optional<T>& o) -> net::Task<> { o.emplace(co_await std::move(t)); }(
                                                         std::move(task), out));
  return *std::move(out);
}

class SqliteStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "fl_store_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  Result<std::unique_ptr<SqliteStore>> open(std::string account = "000000000000") {
    return SqliteStore::open({directory, std::move(account)});
  }
  static Batch batch(int64_t expected, std::map<std::string, std::optional<std::string>> values) {
    Batch out{.expected = expected, .revision = expected + 1};
    for (auto& [key, value] : values) out.writes.push_back({"a", "r", "thing", key, value, expected + 1});
    return out;
  }
  static std::map<std::string, std::string> all(SqliteStore& store, int64_t& revision) {
    std::map<std::string, std::string> out;
    auto loaded = finish(store.load([&](const Row& row) -> Result<> {
      out[std::string(row.key)] = row.value;
      return {};
    }));
    EXPECT_TRUE(loaded) << loaded.error().message;
    revision = loaded.value_or(-1);
    return out;
  }
  Result<> sql(const char* text) {
    sqlite3* db = nullptr;
    sqlite3_open((directory + "/state.db").c_str(), &db);
    const int code = sqlite3_exec(db, text, nullptr, nullptr, nullptr);
    const std::string message = sqlite3_errmsg(db);
    sqlite3_close(db);
    if (code != SQLITE_OK) return fail(Code::internal, message);
    return {};
  }

  std::string directory;
};

TEST_F(SqliteStoreTest, keeps_what_was_committed_over_a_restart) {
  {
    auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE(finish((*store)->commit(batch(0, {{"x", "1"}, {"y", "2"}}))));
    ASSERT_TRUE(finish((*store)->commit(batch(1, {{"x", std::nullopt}, {"y", "3"}}))));
  }
  auto store = open();
  ASSERT_TRUE(store) << store.error().message;
  int64_t revision;
  EXPECT_EQ(all(**store, revision), (std::map<std::string, std::string>{{"y", "3"}}));
  EXPECT_EQ(revision, 2);
}

TEST_F(SqliteStoreTest, a_batch_that_is_not_based_on_the_newest_revision_changes_nothing) {
  auto store = open();
  ASSERT_TRUE(finish((*store)->commit(batch(0, {{"x", "1"}}))));
  const auto late = finish((*store)->commit(batch(0, {{"x", "2"}})));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::conflict);
  int64_t revision;
  EXPECT_EQ(all(**store, revision), (std::map<std::string, std::string>{{"x", "1"}}));
  EXPECT_TRUE(finish((*store)->commit(batch(1, {{"x", "2"}})))) << "the store does not go on after a failure";
}

TEST_F(SqliteStoreTest, one_process_at_a_time) {
  auto first = open();
  ASSERT_TRUE(first);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("another process"), std::string::npos) << second.error().message;
}

TEST_F(SqliteStoreTest, refuses_what_is_not_its_own) {
  ASSERT_TRUE(open());
  const auto other = open("111111111111");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("holds the state of account 000000000000"), std::string::npos)
      << other.error().message;

  ASSERT_TRUE(sql("PRAGMA user_version=2"));
  const auto newer = open();
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message.find("newer fairlead (schema 2"), std::string::npos) << newer.error().message;

  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  ASSERT_TRUE(sql("CREATE TABLE cats(name)"));
  EXPECT_NE(open().error().message.find("no state of fairlead"), std::string::npos);

  std::filesystem::remove(directory + "/state.db");
  std::ofstream(directory + "/state.db") << std::string(4096, 'x');
  EXPECT_NE(open().error().message.find("no state of fairlead"), std::string::npos) << open().error().message;

  EXPECT_EQ(SqliteStore::open({"/proc/nowhere", "0"}).error().code, Code::denied);
}

// In a child, whose files may not grow any more: what was kept stays, what was not is said, and space helps.
TEST_F(SqliteStoreTest, a_full_disk_loses_nothing_that_was_acknowledged) {
  auto store = open();
  ASSERT_TRUE(finish((*store)->commit(batch(0, {{"x", "1"}}))));
  store->reset();
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    auto mine = open();
    if (!mine) ::_exit(2);
    const rlimit limit{.rlim_cur = 256 << 10, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int64_t revision = 1;
    Result<> kept;
    while (kept && revision < 200) {
      kept = finish((*mine)->commit(batch(revision, {{"y" + std::to_string(revision), std::string(8000, 'y')}})));
      if (kept) ++revision;
    }
    if (kept) ::_exit(3);  // it never became full
    const rlimit none{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &none);
    if (!finish((*mine)->commit(batch(revision, {{"after", std::to_string(revision)}})))) ::_exit(4);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  ASSERT_EQ(WEXITSTATUS(status), 0);
  auto again = open();
  ASSERT_TRUE(again) << again.error().message;
  int64_t revision;
  const auto rows = all(**again, revision);
  ASSERT_TRUE(rows.contains("after"));
  EXPECT_EQ(std::to_string(revision - 1), rows.at("after"));
  EXPECT_EQ(rows.size(), static_cast<size_t>(revision)) << "x, each acknowledged y, and after";
}

// A child commits as fast as it can and says so; it is killed at a random moment, again and again over one file.
TEST_F(SqliteStoreTest, killed_at_any_moment_it_has_all_that_was_acknowledged_and_nothing_by_half) {
  std::minstd_rand random(11);
  int64_t acknowledged = 0;
  for (int round = 0; round < 12; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipe_ends[0]);
      auto mine = open();
      if (!mine) ::_exit(2);
      int64_t revision;
      all(**mine, revision);
      while (true) {
        const std::string n = std::to_string(revision + 1);
        if (!finish((*mine)->commit(batch(revision, {{"left", n}, {"right", n}, {"k" + n, std::string(2000, 'k')}}))))
          ::_exit(3);
        ++revision;
        if (::write(pipe_ends[1], &revision, sizeof revision) != sizeof revision) ::_exit(4);
      }
    }
    ::close(pipe_ends[1]);
    int64_t first = 0;
    ASSERT_EQ(::read(pipe_ends[0], &first, sizeof first), static_cast<ssize_t>(sizeof first));
    acknowledged = first;
    ::usleep(random() % 30'000);  // the moment is what the test is about
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

    auto store = open();
    ASSERT_TRUE(store) << store.error().message;
    int64_t revision;
    const auto rows = all(**store, revision);
    EXPECT_GE(revision, acknowledged);
    EXPECT_LE(revision, acknowledged + 1);
    EXPECT_EQ(rows.at("left"), std::to_string(revision));
    EXPECT_EQ(rows.at("right"), std::to_string(revision));
    EXPECT_EQ(rows.size(), static_cast<size_t>(revision) + 2);
  }
  EXPECT_TRUE(sql("PRAGMA integrity_check"));
}

}  // namespace
}  // namespace fl::control::store
