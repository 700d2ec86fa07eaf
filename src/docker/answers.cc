#include <fmt/format.h>

#include "base/strings.h"
#include "docker/client.h"

namespace fl::docker {
namespace {

std::string_view text_at(const json::Value* value, std::string_view key) {
  return value == nullptr ? std::string_view() : value->string_at(key);
}

std::optional<int64_t> integer_at(const json::Value* value, std::string_view key) {
  const json::Value* found = value == nullptr ? nullptr : value->find(key);
  if (found == nullptr || found->if_int() == nullptr) return std::nullopt;
  return *found->if_int();
}

bool flag_at(const json::Value* value, std::string_view key) {
  const json::Value* found = value == nullptr ? nullptr : value->find(key);
  return found != nullptr && found->if_bool() != nullptr && *found->if_bool();
}

// "2026-11-28T00:00:00.123456789Z" or with "+00:00"; Go's zero time is none.
std::optional<WallTime> read_time(std::string_view text) {
  const auto number = [&](size_t at, size_t size) {
    return at + size <= text.size() ? parse_uint(text.substr(at, size)) : std::nullopt;
  };
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2), hour = number(11, 2),
             minute = number(14, 2), second = number(17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *year < 1970 || *year > 2200) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  WallTime time = std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                  std::chrono::seconds(*second);
  size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int64_t unit = 100'000'000;
    for (++at; at < text.size() && is_digit(text[at]); ++at, unit /= 10) time += Duration((text[at] - '0') * unit);
  }
  if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-')) {
    const auto hours = number(at + 1, 2), minutes = number(at + 4, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const Duration offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    time += text[at] == '+' ? -offset : offset;
  }
  return time;
}

std::optional<uint16_t> read_port(std::string_view text) {
  const auto number = parse_uint(text);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

// {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", ...}], "81/tcp": null}
std::vector<PortBinding> read_ports(const json::Value* ports) {
  std::vector<PortBinding> out;
  if (ports == nullptr || ports->if_object() == nullptr) return out;
  for (const auto& [key, bindings] : *ports->if_object()) {
    const size_t slash = key.find('/');
    const auto container_port = read_port(std::string_view(key).substr(0, slash));
    if (!container_port || bindings.if_array() == nullptr) continue;
    for (const json::Value& binding : *bindings.if_array()) {
      const auto host_port = read_port(binding.string_at("HostPort"));
      if (!host_port) continue;
      out.push_back({*container_port, *host_port, slash != key.npos && key.substr(slash) == "/udp",
                     std::string(binding.string_at("HostIp"))});
    }
  }
  return out;
}

}  // namespace

Result<Version> read_version(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  Version out{"docker", std::string(value.string_at("Version")), std::string(value.string_at("ApiVersion"))};
  if (const json::Value* parts = value.find("Components"); parts != nullptr && parts->if_array() != nullptr)
    for (const json::Value& part : *parts->if_array())
      if (part.string_at("Name").starts_with("Podman")) out.engine = "podman";
  if (out.version.empty()) return fail(Code::unavailable, "it does not say its version: no container engine");
  return out;
}

Result<Container> read_container(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  Container out;
  const json::Value* state = value.find("State");
  out.id = value.string_at("Id");
  if (out.id.empty() || state == nullptr) return fail(Code::unavailable, "an answer without Id or State");
  out.name = value.string_at("Name");
  if (out.name.starts_with('/')) out.name.erase(0, 1);
  out.status = text_at(state, "Status");
  out.is_running = flag_at(state, "Running");
  out.out_of_memory = flag_at(state, "OOMKilled");
  out.exit_code = static_cast<int>(integer_at(state, "ExitCode").value_or(0));
  out.error = text_at(state, "Error");
  out.started_at = read_time(text_at(state, "StartedAt"));
  out.finished_at = read_time(text_at(state, "FinishedAt"));
  if (const json::Value* network = value.find("NetworkSettings"); network != nullptr) {
    out.ports = read_ports(network->find("Ports"));
    out.ip_address = network->string_at("IPAddress");
    if (const json::Value* all = network->find("Networks"); all != nullptr && all->if_object() != nullptr)
      for (const auto& [name, joined] : *all->if_object())
        if (out.ip_address.empty()) out.ip_address = joined.string_at("IPAddress");
  }
  out.network_mode = text_at(value.find("HostConfig"), "NetworkMode");
  const json::Value* config = value.find("Config");
  if (const json::Value* labels = config == nullptr ? nullptr : config->find("Labels");
      labels != nullptr && labels->if_object() != nullptr)
    for (const auto& [key, label] : *labels->if_object())
      if (label.if_string() != nullptr) out.labels[key] = *label.if_string();
  return out;
}

Result<Network> read_network(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  Network out;
  const json::Value* addresses = value.find("IPAM");
  const json::Value* configs = addresses == nullptr ? nullptr : addresses->find("Config");
  if (configs != nullptr && configs->if_array() != nullptr)
    for (const json::Value& config : *configs->if_array())
      if (out.gateway.empty()) out.gateway = config.string_at("Gateway");
  out.bridge_interface = text_at(value.find("Options"), "com.docker.network.bridge.name");
  return out;
}

Result<std::vector<std::string>> read_ids(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  if (value.if_array() == nullptr) return fail(Code::unavailable, "an answer that is no list");
  std::vector<std::string> out;
  for (const json::Value& item : *value.if_array())
    if (const auto id = item.string_at("Id"); !id.empty()) out.emplace_back(id);
  return out;
}

Result<Event> read_event(std::string_view line) {
  FL_TRY(const json::Value value, json::parse(line));
  Event out;
  out.action = value.string_at("Action");
  if (out.action.empty()) out.action = value.string_at("status");
  const json::Value* actor = value.find("Actor");
  out.id = text_at(actor, "ID");
  if (out.id.empty()) out.id = value.string_at("id");
  const json::Value* attributes = actor == nullptr ? nullptr : actor->find("Attributes");
  for (const char* key : {"exitCode", "containerExitCode"})  // podman's name second
    if (const auto code = parse_int(text_at(attributes, key)); code && !out.exit_code)
      out.exit_code = static_cast<int>(*code);
  return out;
}

Result<Usage> read_usage(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  const json::Value* cpu = value.find("cpu_stats");
  const json::Value* memory = value.find("memory_stats");
  Usage out;
  out.cpu_ns = static_cast<uint64_t>(
      std::max<int64_t>(integer_at(cpu == nullptr ? nullptr : cpu->find("cpu_usage"), "total_usage").value_or(0), 0));
  out.memory_bytes = static_cast<uint64_t>(std::max<int64_t>(integer_at(memory, "usage").value_or(0), 0));
  return out;
}

Result<std::string> read_progress(std::string_view line) {
  const auto value = json::parse(line);
  if (!value) return std::string();  // only errors matter, and those are JSON
  if (const auto error = value->string_at("error"); !error.empty()) return fail(Code::unavailable, std::string(error));
  return std::string(value->string_at("status"));
}

}  // namespace fl::docker
