#include "agent/read_logs.h"

#include <gmock/gmock.h>

#include <fstream>

#include "agent/task/store.h"
#include "support/temporary_directory.h"

namespace fl::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReadLogs : public ::testing::Test {
 protected:
  ReadLogs() {
    std::filesystem::create_directory(directory.path() + "/logs");
    task::TaskStore store(directory.path() + "/tasks");
    EXPECT_TRUE(store.open());
    for (const char* id : {"abc1", "abd2"}) {
      task::TaskRecord record;
      record.definition.arn = std::string("arn:aws:ecs:r:1:task/fl/") + id;
      ecs::agent::Container web, side;
      web.name = "web";
      side.name = "side";
      record.definition.containers = std::vector{web, side};
      record.containers.resize(2);
      record.containers[0].runtime_id = std::string("w-") + id;
      record.containers[1].runtime_id = std::string("s-") + id;
      EXPECT_TRUE(store.save(id, encode(record)));
    }
    write("w-abc1.log.1", "T1 stdout F one\n");
    write("w-abc1.log", "T2 stderr F two words\nT3 stdout P thr\nT4 stdout F \nbroken\n");
    write("s-abc1.log", "T9 stdout F side\n");
  }
  void write(const std::string& name, std::string_view text) {
    std::ofstream(directory.path() + "/logs/" + name) << text;
  }
  std::vector<std::string> read(std::string task, std::string container = "", size_t tail = 0) {
    std::vector<std::string> out;
    const auto ok =
        read_logs({directory.path(), std::move(task), std::move(container), tail}, [&](const LogLine& line) {
          out.push_back(std::string(line.container) + "|" + std::string(line.time) + "|" + std::string(line.stream) +
                        "|" + std::string(line.text) + (line.is_whole ? "" : "+"));
        });
    if (!ok) out.push_back(ok.error().message);
    return out;
  }

  TemporaryDirectory directory;
};

TEST_F(ReadLogs, OldFilesFirst) {
  EXPECT_THAT(read("abc1", "web"), ElementsAre("web|T1|stdout|one", "web|T2|stderr|two words", "web|T3|stdout|thr+",
                                               "web|T4|stdout|", "web|||broken"));
  EXPECT_THAT(read("arn:aws:ecs:r:1:task/fl/abc1", "side"), ElementsAre("side|T9|stdout|side"));
  EXPECT_THAT(read("abc", "", 1), ElementsAre("web|||broken", "side|T9|stdout|side"));
  EXPECT_THAT(read("abd2"), ElementsAre());
}

TEST_F(ReadLogs, SaysWhatThereIs) {
  EXPECT_THAT(read("x"), ElementsAre("no task \"x\" here; there are: abc1, abd2"));
  EXPECT_THAT(read("ab"), ElementsAre("\"ab\" may be any of: abc1, abd2"));
  EXPECT_THAT(read("abc1", "none"), ElementsAre("task abc1 has no container \"none\""));
  EXPECT_THAT(read_logs({"/no/such", "a", "", 0}, [](const LogLine&) {}).error().message,
              HasSubstr("is no data directory of an agent"));
}

}  // namespace
}  // namespace fl::agent
