#include "proxy/worker.h"

#include "proxy/snapshot.h"
#include "support/loop_fixture.h"

namespace fl::proxy {
namespace {

class WorkerTest : public testing::LoopFixture {
 protected:
  WorkerTest() {
    worker.set_release([this](std::shared_ptr<const Snapshot> old) { released.push_back(old->version); });
  }
  void publish(uint64_t version) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->version = version;
    worker.publish(std::move(snapshot));
  }
  Worker worker{loop};
  std::vector<uint64_t> released;
};

TEST_F(WorkerTest, HandsOverWhatNoRequestUses) {
  publish(1);
  EXPECT_EQ(released, std::vector<uint64_t>{0}) << "the empty one it began with";
  publish(2);
  EXPECT_EQ(released, (std::vector<uint64_t>{0, 1}));
}

TEST_F(WorkerTest, HandsOverAtTheEndOfTheLastRequest) {
  publish(1);
  released.clear();
  SnapshotPin& first = worker.current();
  first.users = 2;
  publish(2);
  worker.unpin(first);
  EXPECT_EQ(first.snapshot->version, 1U);
  EXPECT_TRUE(released.empty());
  worker.unpin(first);
  EXPECT_EQ(released, std::vector<uint64_t>{1});
  SnapshotPin& current = worker.current();
  ++current.users;
  worker.unpin(current);
  EXPECT_EQ(worker.current().snapshot->version, 2U) << "the current one stays";
  EXPECT_EQ(released, std::vector<uint64_t>{1});
}

}  // namespace
}  // namespace fl::proxy
