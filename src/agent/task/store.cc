#include "agent/task/store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "agent/engine/process/proc.h"
#include "base/json.h"
#include "base/log.h"
#include "ecs/json_codec.h"

namespace fl::agent::task {
namespace {

using engine::process::read_file;
using engine::process::write_durable_file;
using engine::process::write_file;

json::Value time_or_null(const std::optional<WallTime>& time) {
  return time ? json::Value(time->time_since_epoch().count()) : json::Value();
}

std::optional<WallTime> time_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  if (found == nullptr || found->if_int() == nullptr) return std::nullopt;
  return WallTime(Duration(*found->if_int()));
}

int64_t integer_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  return found != nullptr && found->if_int() != nullptr ? *found->if_int() : 0;
}

bool flag_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  return found != nullptr && found->if_bool() != nullptr && *found->if_bool();
}

template <class F>
void for_each(const json::Value& value, std::string_view key, F f) {
  const json::Value* list = value.find(key);
  if (list == nullptr || list->if_array() == nullptr) return;
  for (const json::Value& item : *list->if_array()) f(item);
}

// Pulling and making are done again after a restart (Machine::restore), so the disk need not know how far they are.
Phase kept_phase(Phase phase) {
  if (phase < Phase::created) return Phase::none;
  return phase == Phase::starting ? Phase::created : phase;
}

json::Value encode(const ContainerRecord& c) {
  json::Array bindings;
  for (const engine::PortBinding& b : c.bindings)
    bindings.push_back(json::Object{{"bindIp", b.bind_ip},
                                    {"containerPort", int64_t{b.container_port}},
                                    {"hostPort", int64_t{b.host_port}},
                                    {"udp", b.udp}});
  return json::Object{{"phase", static_cast<int>(kept_phase(c.phase))},
                      {"runtimeId", c.runtime_id},
                      {"startedAt", time_or_null(c.started_at)},
                      {"finishedAt", time_or_null(c.finished_at)},
                      {"bindings", std::move(bindings)},
                      {"address", c.address},
                      {"exitCode", c.exit_code ? json::Value(*c.exit_code) : json::Value()},
                      {"reason", c.reason},
                      {"restartCount", c.restart_count},
                      {"ran", c.ran},
                      {"health", static_cast<int>(c.health)},
                      {"healthSince", time_or_null(c.health_since)},
                      {"runningReported", c.running_reported},
                      {"stoppedReported", c.stopped_reported}};
}

Result<ContainerRecord> decode_container(const json::Value& value) {
  ContainerRecord c;
  const int64_t phase = integer_at(value, "phase"), health = integer_at(value, "health");
  if (phase < 0 || phase > static_cast<int>(Phase::stopped) || health < 0 ||
      health > static_cast<int>(Health::unhealthy))
    return fail(Code::invalid, "unknown phase or health of a container");
  c.phase = static_cast<Phase>(phase);
  c.health = static_cast<Health>(health);
  c.runtime_id = value.string_at("runtimeId");
  c.started_at = time_at(value, "startedAt");
  c.finished_at = time_at(value, "finishedAt");
  c.health_since = time_at(value, "healthSince");
  for_each(value, "bindings", [&](const json::Value& b) {
    c.bindings.push_back({std::string(b.string_at("bindIp")), static_cast<uint16_t>(integer_at(b, "containerPort")),
                          static_cast<uint16_t>(integer_at(b, "hostPort")), flag_at(b, "udp")});
  });
  c.address = value.string_at("address");
  if (const json::Value* code = value.find("exitCode"); code != nullptr && code->if_int() != nullptr)
    c.exit_code = static_cast<int>(*code->if_int());
  c.reason = value.string_at("reason");
  c.restart_count = static_cast<int>(integer_at(value, "restartCount"));
  c.ran = flag_at(value, "ran");
  c.running_reported = flag_at(value, "runningReported");
  c.stopped_reported = flag_at(value, "stoppedReported");
  return c;
}

void forget_secrets(std::optional<ecs::agent::RoleCredentials>& credentials) {
  if (!credentials) return;
  credentials->access_key_id.reset();
  credentials->secret_access_key.reset();
  credentials->session_token.reset();
}

}  // namespace

std::string encode(const TaskRecord& record) {
  ecs::agent::Task definition = record.definition;
  forget_secrets(definition.role_credentials);
  forget_secrets(definition.execution_role_credentials);
  json::Array containers;
  bool is_made = false;  // any of it
  for (const ContainerRecord& container : record.containers) {
    containers.push_back(encode(container));
    is_made = is_made || kept_phase(container.phase) != Phase::none;
  }
  const auto pull_time = [is_made](const auto& time) { return is_made ? time_or_null(time) : json::Value(); };
  return json::to_text(
      json::Object{{"definition", ecs::agent::encode(definition)},
                   {"nameSuffix", record.name_suffix},
                   {"metadataIds", json::Array(record.metadata_ids.begin(), record.metadata_ids.end())},
                   {"containers", std::move(containers)},
                   {"toStop", record.to_stop},
                   {"stopReason", record.stop_reason},
                   {"reported", static_cast<int>(record.reported)},
                   {"pullStartedAt", pull_time(record.pull_started_at)},
                   {"pullStoppedAt", pull_time(record.pull_stopped_at)},
                   {"executionStoppedAt", time_or_null(record.execution_stopped_at)}});
}

Result<TaskRecord> decode_record(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  TaskRecord record;
  const json::Value* definition = value.find("definition");
  if (definition == nullptr) return fail(Code::invalid, "the task's definition is missing");
  FL_TRY_VOID(ecs::agent::decode(*definition, record.definition));
  record.name_suffix = value.string_at("nameSuffix");
  for_each(value, "metadataIds", [&](const json::Value& id) {
    record.metadata_ids.push_back(id.if_string() != nullptr ? *id.if_string() : "");
  });
  Result<> ok;
  for_each(value, "containers", [&](const json::Value& item) {
    auto container = decode_container(item);
    if (container)
      record.containers.push_back(std::move(*container));
    else
      ok = tl::make_unexpected(std::move(container).error());
  });
  FL_TRY_VOID(std::move(ok));
  record.to_stop = flag_at(value, "toStop");
  record.stop_reason = value.string_at("stopReason");
  const int64_t reported = integer_at(value, "reported");
  if (reported < 0 || reported > static_cast<int>(TaskStatus::stopped))
    return fail(Code::invalid, "unknown task status");
  record.reported = static_cast<TaskStatus>(reported);
  record.pull_started_at = time_at(value, "pullStartedAt");
  record.pull_stopped_at = time_at(value, "pullStoppedAt");
  record.execution_stopped_at = time_at(value, "executionStoppedAt");
  return record;
}

Result<> TaskStore::open() {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) return fail(Code::unavailable, fmt::format("cannot make {}: {}", directory_, error.message()));
  return {};
}

Result<> TaskStore::save(const std::string& task_id, const std::string& record) {
  const std::string path = fmt::format("{}/{}.json", directory_, task_id);
  const bool is_new = ::access(path.c_str(), F_OK) != 0;
  return is_new ? write_durable_file(path, record) : write_file(path, record);
}

void TaskStore::remove(const std::string& task_id) { ::unlink(fmt::format("{}/{}.json", directory_, task_id).c_str()); }

std::vector<TaskRecord> TaskStore::load() const {
  std::vector<TaskRecord> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    if (entry.path().extension() != ".json") continue;
    const std::string path = entry.path();
    const auto text = read_file(path);
    auto record = text ? decode_record(*text) : tl::make_unexpected(text.error());
    if (record) {
      out.push_back(std::move(*record));
      continue;
    }
    log::error("{} cannot be read and is put aside as {}.bad: {}", path, path, record.error().message);
    std::rename(path.c_str(), (path + ".bad").c_str());
  }
  return out;
}

}  // namespace fl::agent::task
