// Runs tests/cases/schedule/*.case. A case is a cluster, a line `---`, and questions, each with its answer indented
// below; cases are parted by an empty line, lines that begin with # are comments.
//
//   NAME cpu=1024 memory=2048 [gpus=1] [ports=22,53/udp] [agent=1.73.0] [ec2=i-1] [registered=DATE] [draining]
//        [disconnected] [@attribute[=value]]...                       an instance
//   on NAME: 2 service:web [cpu=..] [memory=..] [ports=..]            tasks there; they are called t1, t2, ...
//   ---
//   place 3 service:web [cpu=..] [memory=..] [gpus=..] [ports=..] [needs=a,b] [distinctInstance]
//         [spread:FIELD] [binpack:FIELD] [random] [memberOf EXPRESSION to the end of the line]
//     NAME...                    where they went
//     ! text                     why there are no more
//   stop 2 service:web [strategies]
//     TASK...
//   select EXPRESSION
//     NAME... | ! error          the instances that match
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "base/strings.h"
#include "control/schedule/choose_to_stop.h"
#include "control/schedule/place.h"
#include "control/schedule/query_date.h"

namespace fl::control::schedule {
namespace {

namespace fs = std::filesystem;

class SeededRandom final : public Random {
 public:
  uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{1};
};

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (const std::string_view word : split(line, ' '))
    if (!word.empty()) words.emplace_back(word);
  return words;
}

std::vector<HostPort> ports_of(std::string_view list) {
  std::vector<HostPort> ports;
  for (const std::string& item : split_list(list)) {
    const auto slash = item.find('/');
    ports.push_back({static_cast<uint16_t>(*parse_uint(item.substr(0, slash))),
                     item.ends_with("/udp") ? HostPort::Protocol::udp : HostPort::Protocol::tcp});
  }
  return ports;
}

// cpu=, memory=, gpus= and ports=; false for another word.
bool read_resource(const std::string& key, const std::string& value, Resources& resources) {
  if (key == "cpu")
    resources.cpu = *parse_int(value);
  else if (key == "memory")
    resources.memory = *parse_int(value);
  else if (key == "gpus")
    resources.gpus = *parse_int(value);
  else if (key == "ports")
    resources.ports = ports_of(value);
  else
    return false;
  return true;
}

std::pair<std::string, std::string> key_and_value(const std::string& word) {
  const auto at = word.find('=');
  return at == word.npos ? std::pair{word, std::string()} : std::pair{word.substr(0, at), word.substr(at + 1)};
}

class CaseRunner {
 public:
  void add_to_cluster(const std::string& line) {
    const auto words = words_of(line);
    if (words[0] == "on") return add_tasks(words);
    InstanceView view{.id = words[0]};
    for (size_t i = 1; i < words.size(); ++i) {
      const auto [key, value] = key_and_value(words[i]);
      if (read_resource(key, value, view.registered)) continue;
      if (key == "draining")
        view.status = InstanceStatus::draining;
      else if (key == "disconnected")
        view.agent_connected = false;
      else if (key == "agent")
        view.agent_version = value;
      else if (key == "ec2")
        view.ec2_instance_id = value;
      else if (key == "registered")
        view.registered_at = WallTime(std::chrono::seconds(*parse_query_date(value)));
      else if (key[0] == '@')
        view.attributes.push_back({key.substr(1), value});
      else
        ADD_FAILURE() << "unknown word in a case: " << words[i];
    }
    capacity_.put_instance(std::move(view));
  }

  std::string answer(const std::string& line) {
    const auto words = words_of(line);
    if (words[0] == "select") return select(line.substr(7));
    const size_t count = *parse_uint(words[1]);
    const TaskDemand demand = read_demand(line);
    return words[0] == "place" ? place_tasks(count, demand) : stop_tasks(count, demand);
  }

 private:
  void add_tasks(const std::vector<std::string>& words) {
    Resources resources;
    for (size_t i = 4; i < words.size(); ++i) {
      const auto [key, value] = key_and_value(words[i]);
      EXPECT_TRUE(read_resource(key, value, resources)) << words[i];
    }
    const std::string instance = words[1].substr(0, words[1].size() - 1);
    for (uint64_t i = 0; i < *parse_uint(words[2]); ++i)
      capacity_.put_task({next_id(), instance, words[3], words[3].substr(words[3].find(':') + 1), resources});
  }

  static TaskDemand read_demand(const std::string& line) {
    TaskDemand demand;
    const auto member_of = line.find("memberOf ");
    const auto words = words_of(line.substr(0, member_of));
    if (member_of != line.npos) demand.constraints.push_back({Constraint::Type::member_of, line.substr(member_of + 9)});
    demand.group = words[2];
    demand.family = words[2].substr(words[2].find(':') + 1);
    for (size_t i = 3; i < words.size(); ++i) {
      const auto [key, value] = key_and_value(words[i]);
      if (read_resource(key, value, demand.resources)) continue;
      if (key == "needs") {
        for (const std::string& attribute : split_list(value)) {
          auto [name, wanted] = key_and_value(attribute);
          demand.requires_attributes.push_back({std::move(name), std::move(wanted)});
        }
      } else if (key == "distinctInstance")
        demand.constraints.push_back({Constraint::Type::distinct_instance, {}});
      else if (key.starts_with("spread:"))
        demand.strategies.push_back({Strategy::Type::spread, key.substr(7)});
      else if (key.starts_with("binpack:"))
        demand.strategies.push_back({Strategy::Type::binpack, key.substr(8)});
      else if (key == "random")
        demand.strategies.push_back({Strategy::Type::random, {}});
      else
        ADD_FAILURE() << "unknown word in a case: " << words[i];
    }
    return demand;
  }

  std::string place_tasks(size_t count, const TaskDemand& demand) {
    std::vector<std::string> ids;
    for (size_t i = 0; i < count; ++i) ids.push_back(next_id());
    const PlacementResult result = place(capacity_, Fit(demand), ids, random_);
    EXPECT_EQ(result.failure.has_value(), result.instances.size() < count);
    std::string out = join(result.instances, " ");
    if (result.failure) out += (out.empty() ? "! " : "\n! ") + to_text(*result.failure);
    return out;
  }

  std::string stop_tasks(size_t count, const TaskDemand& demand) {
    std::vector<StopCandidate> candidates;
    for (const Capacity::Instance* instance : capacity_.instances())
      for (const PlacedTask& task : instance->tasks)
        if (task.group == demand.group)
          candidates.push_back({task.id, task.instance, WallTime(std::chrono::seconds(*parse_int(task.id.substr(1))))});
    std::vector<std::string> out;
    for (const size_t i : choose_to_stop(capacity_, demand, candidates, count)) out.emplace_back(candidates[i].id);
    return join(out, " ");
  }

  std::string select(const std::string& expression) {
    const auto query = Query::parse(expression);
    if (!query) return "! " + query.error().message;
    std::vector<std::string> out;
    for (const Capacity::Instance* instance : capacity_.instances())
      if (query->matches(instance->view, instance->tasks)) out.push_back(instance->view.id);
    return join(out, " ");
  }

  std::string next_id() { return "t" + std::to_string(++last_id_); }

  Capacity capacity_;
  SeededRandom random_;
  int last_id_ = 0;
};

class ScheduleCase : public testing::TestWithParam<fs::path> {};

TEST_P(ScheduleCase, Matches) {
  std::ifstream file(GetParam());
  CaseRunner runner;
  bool in_questions = false;
  int number = 0, asked = 0, question_line = 0;
  std::string question, expected;
  const auto check = [&] {
    if (question.empty()) return;
    EXPECT_EQ(runner.answer(question), expected) << GetParam().string() << ":" << question_line << ": " << question;
    question.clear();
    expected.clear();
    ++asked;
  };
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      check();
      runner = CaseRunner();
      in_questions = false;
    } else if (line == "---") {
      in_questions = true;
    } else if (!in_questions) {
      runner.add_to_cluster(line);
    } else if (line.starts_with(' ')) {
      expected += (expected.empty() ? "" : "\n") + std::string(trim(line));
    } else {
      check();
      question = line;
      question_line = number;
    }
  }
  check();
  EXPECT_GT(asked, 0);
}

std::vector<fs::path> all_cases() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(FL_SOURCE_DIR "/tests/cases/schedule"))
    if (entry.path().extension() == ".case") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Cases, ScheduleCase, testing::ValuesIn(all_cases()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace fl::control::schedule
