// Runs tests/cases/reconcile/*.case: stories of services over simulated time. Each line that is not indented happens;
// below it stand, indented, the events and what `show` prints. A story begins at second 0 with an empty cluster;
// stories are parted by an empty line; lines that begin with # are comments. Tasks are called t1, t2, ... in order of
// their start.
//
//   instance NAME [cpu=..] [memory=..] [ports=..] [@attribute[=value]]...
//   drain | activate | disconnect | connect | remove NAME         an instance
//   lost-after 60s
//   service NAME [desired=2] [daemon] [min=100] [max=200] [breaker] [rollback] [grace=10s] and its first deployment:
//           [cpu=..] [memory=..] [ports=..] [image=crashes|exits|sick] [check] [distinctInstance]
//           [memberOf EXPRESSION to the end of the line]
//   update NAME desired=4 [min=..] [max=..]                       what needs no deployment
//   deploy NAME [cpu=..] ...                                      a new deployment
//   delete NAME                                                   a service
//   stop TASK | exit TASK | sicken TASK | recover TASK | unprotect TASK | protect TASK 60s
//   run 10s                                                       agents start a task in 2 s, check it 3 s later, stop
//                                                                 it in 2 s
//     +3s (service NAME) message                                  an event, by the second of the story
//   show NAME                                                     its deployments and tasks
//     ecs-svc/1 PRIMARY COMPLETED 2 desired [1 failed]: t1@a t2@b     pending (t1), stopping -t1, unhealthy t1!
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/strings.h"
#include "control/reconcile/simulation_for_test.h"

namespace fl::control::reconcile {
namespace {

namespace fs = std::filesystem;

class Story {
 public:
  Story() {
    simulation_.on_event = [this](const SimulatedService&, std::string event) {
      for (const auto& [id, name] : names_) replace_all(event, id, name);
      events_.push_back(fmt::format("+{}s {}", simulation_.seconds(), event));
    };
  }

  // Does what the line says; returns what is to stand below it.
  std::string happen(const std::string& line) {
    events_.clear();
    std::vector<std::string> words;
    for (const std::string_view word : split(line, ' '))
      if (!word.empty()) words.emplace_back(word);
    const std::string &what = words[0], name = words.size() > 1 ? words[1] : "";
    if (what == "instance")
      put_instance(words);
    else if (what == "drain")
      simulation_.set_status(name, schedule::InstanceStatus::draining);
    else if (what == "activate")
      simulation_.set_status(name, schedule::InstanceStatus::active);
    else if (what == "disconnect")
      simulation_.set_connected(name, false);
    else if (what == "connect")
      simulation_.set_connected(name, true);
    else if (what == "remove")
      simulation_.remove_instance(name);
    else if (what == "lost-after")
      simulation_.lost_after = *parse_duration(name);
    else if (what == "service")
      add_service(line, words);
    else if (what == "update")
      update(words);
    else if (what == "deploy")
      simulation_.deploy(simulation_.services().at(name), read_deployment(line, words));
    else if (what == "delete")
      remove(name);
    else if (what == "run")
      run(*parse_duration(name));
    else if (what == "show")
      return show(simulation_.services().at(name));
    else
      change_task(what, name, words);
    return join(events_, "\n");
  }

 private:
  static void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
  }

  void run(Duration time) {
    // A second at a time, so that the events of tasks just started find their names.
    for (; time > 0s; time -= 1s) {
      name_tasks();
      simulation_.run(1s);
      name_tasks();
      for (std::string& event : events_)
        for (const auto& [id, task] : names_) replace_all(event, id, task);
    }
  }
  void name_tasks() {
    for (auto& [name, service] : simulation_.services())
      for (const SimulatedTask& task : service.tasks) names_[task.id] = task.name;
  }

  static bool read_resource(std::string_view key, std::string_view value, schedule::Resources& resources) {
    if (key == "cpu")
      resources.cpu = *parse_int(value);
    else if (key == "memory")
      resources.memory = *parse_int(value);
    else if (key == "ports")
      for (const std::string& port : split_list(value))
        resources.ports.push_back({static_cast<uint16_t>(*parse_uint(port))});
    else
      return false;
    return true;
  }
  static std::pair<std::string, std::string> key_and_value(const std::string& word) {
    const auto at = word.find('=');
    return at == word.npos ? std::pair{word, std::string()} : std::pair{word.substr(0, at), word.substr(at + 1)};
  }

  void put_instance(const std::vector<std::string>& words) {
    schedule::InstanceView view{.id = words[1]};
    for (size_t i = 2; i < words.size(); ++i) {
      const auto [key, value] = key_and_value(words[i]);
      if (key[0] == '@')
        view.attributes.push_back({key.substr(1), value});
      else if (!read_resource(key, value, view.registered))
        ADD_FAILURE() << "unknown word in a case: " << words[i];
    }
    simulation_.put_instance(std::move(view));
  }

  static bool read_setting(const std::string& key, const std::string& value, ServiceView& settings) {
    if (key == "desired")
      settings.desired_count = static_cast<int>(*parse_int(value));
    else if (key == "min")
      settings.minimum_healthy_percent = static_cast<int>(*parse_int(value));
    else if (key == "max")
      settings.maximum_percent = static_cast<int>(*parse_int(value));
    else if (key == "daemon")
      settings.scheduling = SchedulingStrategy::daemon;
    else if (key == "breaker")
      settings.has_circuit_breaker = true;
    else if (key == "rollback")
      settings.may_roll_back = true;
    else if (key == "grace")
      settings.health_check_grace_period = *parse_duration(value);
    else
      return false;
    return true;
  }

  static SimulatedDeployment read_deployment(const std::string& line, const std::vector<std::string>& words) {
    SimulatedDeployment deployment;
    if (const auto at = line.find("memberOf "); at != line.npos)
      deployment.demand.constraints.push_back({schedule::Constraint::Type::member_of, line.substr(at + 9)});
    for (size_t i = 2; i < words.size() && words[i] != "memberOf"; ++i) {
      const auto [key, value] = key_and_value(words[i]);
      ServiceView ignored;
      if (read_resource(key, value, deployment.demand.resources) || read_setting(key, value, ignored)) continue;
      if (key == "check")
        deployment.has_health_check = true;
      else if (key == "distinctInstance")
        deployment.demand.constraints.push_back({});
      else if (value == "crashes")
        deployment.image = Image::crashes;
      else if (value == "exits")
        deployment.image = Image::exits;
      else if (value == "sick")
        deployment.image = Image::sick;
      else
        ADD_FAILURE() << "unknown word in a case: " << words[i];
    }
    return deployment;
  }

  void add_service(const std::string& line, const std::vector<std::string>& words) {
    ServiceView settings;
    for (size_t i = 2; i < words.size(); ++i) {
      const auto [key, value] = key_and_value(words[i]);
      read_setting(key, value, settings);
    }
    simulation_.add_service(std::move(settings), words[1], read_deployment(line, words));
  }

  void update(const std::vector<std::string>& words) {
    SimulatedService& service = simulation_.services().at(words[1]);
    for (size_t i = 2; i < words.size(); ++i) {
      const auto [key, value] = key_and_value(words[i]);
      EXPECT_TRUE(read_setting(key, value, service.settings)) << words[i];
    }
    service.is_dirty = true;
  }

  void remove(const std::string& name) {
    SimulatedService& service = simulation_.services().at(name);
    service.settings.status = ServiceStatus::draining;
    service.is_dirty = true;
  }

  void change_task(const std::string& what, const std::string& name, const std::vector<std::string>& words) {
    for (auto& [service_name, service] : simulation_.services()) {
      const auto task = std::ranges::find(service.tasks, name, &SimulatedTask::name);
      if (task == service.tasks.end()) continue;
      if (what == "stop")
        simulation_.stop_by_user(service, *task);
      else if (what == "exit")
        simulation_.end(service, *task, StopCode::essential_container_exited);
      else if (what == "sicken")
        simulation_.set_health(service, *task, TaskHealth::unhealthy);
      else if (what == "recover")
        simulation_.set_health(service, *task, TaskHealth::healthy);
      else if (what == "protect")
        simulation_.protect(service, *task, *parse_duration(words.at(2)));
      else if (what == "unprotect")
        simulation_.protect(service, *task, 0s);
      else
        ADD_FAILURE() << "unknown word in a case: " << what;
      return;
    }
    ADD_FAILURE() << "no task " << name << " to " << what;
  }

  static std::string show(const SimulatedService& service) {
    if (service.is_gone) return "gone";
    std::vector<std::string> lines;
    for (const SimulatedDeployment& d : service.deployments) {
      const char* rollout[] = {"IN_PROGRESS", "COMPLETED", "FAILED"};
      std::string line =
          fmt::format("{} {} {} {} desired", d.id, d.state.status == DeploymentStatus::primary ? "PRIMARY" : "ACTIVE",
                      rollout[static_cast<size_t>(d.state.rollout_state)], d.state.desired_count);
      if (d.state.failed_tasks > 0) line += fmt::format(" {} failed", d.state.failed_tasks);
      line += ":";
      for (const SimulatedTask& t : service.tasks) {
        if (t.deployment != d.id || !t.is_live()) continue;
        std::string task = t.name + "@" + t.instance;
        if (t.health == TaskHealth::unhealthy) task += "!";
        if (t.status == TaskStatus::pending) task = "(" + task + ")";
        line += (t.is_desired_running ? " " : " -") + task;
      }
      lines.push_back(std::move(line));
    }
    return join(lines, "\n");
  }

  Simulation simulation_{1};
  std::vector<std::string> events_;
  std::map<std::string, std::string> names_;
};

class ReconcileCase : public testing::TestWithParam<fs::path> {};

TEST_P(ReconcileCase, Matches) {
  std::ifstream file(GetParam());
  auto story = std::make_unique<Story>();
  int number = 0, happened = 0, place = 0;
  std::string event, expected;
  const auto check = [&] {
    if (event.empty()) return;
    SCOPED_TRACE(GetParam().string() + ":" + std::to_string(place) + ": " + event);
    EXPECT_EQ(story->happen(event), expected);
    event.clear();
    expected.clear();
    ++happened;
  };
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with('#')) continue;
    if (line.starts_with(' ')) {
      expected += (expected.empty() ? "" : "\n") + std::string(trim(line));
      continue;
    }
    check();
    if (line.empty()) story = std::make_unique<Story>();
    event = line;
    place = number;
  }
  check();
  EXPECT_GT(happened, 0);
}

std::vector<fs::path> all_cases() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(FL_SOURCE_DIR "/tests/cases/reconcile"))
    if (entry.path().extension() == ".case") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Cases, ReconcileCase, testing::ValuesIn(all_cases()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace fl::control::reconcile
