#include "agent/task/store.h"

#include <gtest/gtest.h>

namespace fl::agent::task {
namespace {

TaskRecord record_at(Phase phase) {
  TaskRecord record;
  record.containers.resize(1);
  record.containers[0].phase = phase;
  if (phase > Phase::none) record.pull_started_at = WallTime(1s);
  if (phase > Phase::pulling) record.pull_stopped_at = WallTime(2s);
  if (phase > Phase::creating) record.containers[0].runtime_id = "c1";
  return record;
}

// A start writes to disk what it cannot find out again, and no more.
TEST(TaskRecord, StepsThatAreDoneAgainDoNotChangeIt) {
  const std::string fresh = encode(record_at(Phase::none)), made = encode(record_at(Phase::created));
  for (const Phase phase : {Phase::pulling, Phase::pulled, Phase::creating}) EXPECT_EQ(encode(record_at(phase)), fresh);
  EXPECT_NE(made, fresh);
  EXPECT_EQ(encode(record_at(Phase::starting)), made);
  EXPECT_NE(encode(record_at(Phase::running)), made);
}

TEST(TaskRecord, IsReadAsItWasWritten) {
  for (const Phase phase : {Phase::none, Phase::created, Phase::running, Phase::stopped}) {
    TaskRecord record = record_at(phase);
    record.containers[0].address = "10.0.0.2";
    record.containers[0].exit_code = 3;
    const auto read = decode_record(encode(record));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->containers.size(), 1u);
    EXPECT_EQ(read->containers[0].phase, phase);
    EXPECT_EQ(read->containers[0].runtime_id, record.containers[0].runtime_id);
    EXPECT_EQ(read->containers[0].address, "10.0.0.2");
    EXPECT_EQ(read->containers[0].exit_code, 3);
    EXPECT_EQ(read->pull_stopped_at, record.pull_stopped_at);
  }
}

}  // namespace
}  // namespace fl::agent::task
