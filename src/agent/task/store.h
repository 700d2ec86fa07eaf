// What the agent knows of its tasks, on disk: one file a task, replaced as a whole before what follows from a change is
// done, so that a kill at any moment loses nothing and starts nothing twice. How far pulling and making are is not
// there: they are done again, and a rename over a file is a wait for the disk, too. That there is the task outlives the
// machine's power too; of what became of it since, the last may be missing then, and is looked at again (a sync for
// each step would be most of what a task's start takes). Agent thread; blocking.
#pragma once

#include <string>
#include <vector>

#include "agent/task/machine.h"
#include "base/result.h"
#include "ecs/agent_protocol.h"

namespace fl::agent::task {

// Everything of a task that outlives the agent. Secrets are not among it: the control plane sends credentials anew.
struct TaskRecord {
  ecs::agent::Task definition;
  std::string name_suffix;  // of its containers' names: 20 hex digits
  std::vector<std::string> metadata_ids;
  std::vector<ContainerRecord> containers;
  bool to_stop = false;
  std::string stop_reason;
  TaskStatus reported = TaskStatus::pending;
  std::optional<WallTime> pull_started_at, pull_stopped_at, execution_stopped_at;
};

std::string encode(const TaskRecord& record);
Result<TaskRecord> decode_record(std::string_view text);

class TaskStore {
 public:
  // Files are DIRECTORY/ID.json; the directory is made when it is not there.
  explicit TaskStore(std::string directory) : directory_(std::move(directory)) {}
  Result<> open();

  Result<> save(const std::string& task_id, const std::string& record);  // as encode() has it
  void remove(const std::string& task_id);
  // What can be read. A file that cannot is put aside as ID.json.bad, and said so in the log.
  std::vector<TaskRecord> load() const;

 private:
  const std::string directory_;
};

}  // namespace fl::agent::task
