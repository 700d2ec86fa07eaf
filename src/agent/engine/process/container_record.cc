#include "agent/engine/process/container_record.h"

#include "base/json.h"

namespace fl::agent::engine::process {
namespace {

json::Value to_json(const std::vector<PortMapping>& ports) {
  json::Array out;
  for (const PortMapping& port : ports)
    out.push_back(json::Array{int64_t{port.container_port}, int64_t{port.host_port}, port.udp});
  return out;
}

int64_t integer_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  return found != nullptr && found->if_int() != nullptr ? *found->if_int() : 0;
}

}  // namespace

std::string encode(const ContainerRecord& record) {
  json::Array bound;
  for (const PortBinding& b : record.bindings)
    bound.push_back(json::Array{b.bind_ip, int64_t{b.container_port}, int64_t{b.host_port}, b.udp});
  return json::to_text(json::Object{{"name", record.name},
                                    {"taskId", record.task_id},
                                    {"builtIn", record.built_in},
                                    {"networkMode", to_text(record.network_mode)},
                                    {"ports", to_json(record.ports)},
                                    {"stopSignal", record.stop_signal},
                                    {"memoryBytes", record.memory_bytes},
                                    {"cpuShares", record.cpu_shares},
                                    {"launch", encode(record.launch)},
                                    {"bindings", std::move(bound)},
                                    {"address", record.address}});
}

Result<ContainerRecord> decode_container_record(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  ContainerRecord record;
  record.name = value.string_at("name");
  record.task_id = value.string_at("taskId");
  record.built_in = value.string_at("builtIn");
  record.network_mode = parse_network_mode(value.string_at("networkMode")).value_or(NetworkMode::bridge);
  record.stop_signal = static_cast<int>(integer_at(value, "stopSignal"));
  record.memory_bytes = integer_at(value, "memoryBytes");
  record.cpu_shares = integer_at(value, "cpuShares");
  record.address = value.string_at("address");
  FL_TRY(record.launch, decode_launch_spec(value.string_at("launch")));
  const auto number = [](const json::Value& v) {
    return static_cast<uint16_t>(v.if_int() != nullptr ? *v.if_int() : 0);
  };
  const auto flag = [](const json::Value& v) { return v.if_bool() != nullptr && *v.if_bool(); };
  const auto each = [&](std::string_view key, size_t size, auto f) {
    const json::Value* list = value.find(key);
    if (list == nullptr || list->if_array() == nullptr) return;
    for (const json::Value& item : *list->if_array())
      if (item.if_array() != nullptr && item.if_array()->size() == size) f(*item.if_array());
  };
  each("ports", 3, [&](const json::Array& a) { record.ports.push_back({number(a[0]), number(a[1]), flag(a[2])}); });
  each("bindings", 4, [&](const json::Array& a) {
    if (a[0].if_string() != nullptr)
      record.bindings.push_back({*a[0].if_string(), number(a[1]), number(a[2]), flag(a[3])});
  });
  return record;
}

}  // namespace fl::agent::engine::process
