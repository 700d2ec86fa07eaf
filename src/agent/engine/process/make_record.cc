#include "agent/engine/process/make_record.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

namespace fl::agent::engine::process {
namespace {

constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kBuiltIn = "fairlead/";

std::string_view without_tag(std::string_view image) {
  const size_t colon = image.rfind(':');
  return colon != image.npos && image.find('/', colon) == image.npos ? image.substr(0, colon) : image;
}

struct Command {
  std::vector<std::string> arguments;
  std::string built_in;  // NAME of fairlead/NAME; empty: from the host
};

Result<Command> command_of(const ContainerSpec& spec, const std::string& program) {
  FL_TRY_VOID(check_image(spec.image));
  const std::string_view name = without_tag(spec.image);
  Command command;
  if (name == "host") {
    command.arguments = spec.entry_point;
  } else {
    if (!spec.entry_point.empty())
      return fail(Code::invalid, fmt::format("the built-in image {} has no entryPoint to replace", spec.image));
    command.built_in = name.substr(kBuiltIn.size());
    command.arguments = {program};
    if (command.built_in != "proxy" && command.built_in != "fairlead") command.arguments.push_back(command.built_in);
  }
  command.arguments.insert(command.arguments.end(), spec.command.begin(), spec.command.end());
  if (command.arguments.empty()) return fail(Code::invalid, "no command specified");
  return command;
}

bool is_nothing(const json::Value& value) {
  if (const bool* b = value.if_bool()) return !*b;
  if (const int64_t* n = value.if_int()) return *n == 0;
  if (const std::string* s = value.if_string()) return s->empty();
  if (const json::Array* a = value.if_array()) return a->empty();
  if (const json::Object* o = value.if_object()) return o->empty();
  return value.is_null();
}

// Docker's settings that are honoured here or mean nothing here. All others are refused when they ask for something.
constexpr std::string_view kHonoured[] = {
    "Labels",    "Healthcheck",  "User",       "WorkingDir",   "StopSignal",        "Hostname",     "Env",
    "Image",     "Cmd",          "Entrypoint", "ExposedPorts", "AttachStdout",      "AttachStderr", "NetworkMode",
    "LogConfig", "Ulimits",      "CpuShares",  "Memory",       "MemoryReservation", "PortBindings", "Init",
    "Binds",     "RestartPolicy"};

Result<> check_settings(const json::Value& settings) {
  if (settings.if_object() == nullptr) return {};
  for (const auto& [key, value] : *settings.if_object())
    if (!is_nothing(value) && std::ranges::find(kHonoured, key) == std::end(kHonoured))
      return fail(Code::invalid, fmt::format("the process engine cannot honour {}", key));
  return {};
}

Result<> check_spec(const ContainerSpec& spec) {
  FL_TRY_VOID(check_settings(spec.config));
  FL_TRY_VOID(check_settings(spec.host_config));
  if (spec.privileged) return fail(Code::invalid, "the process engine cannot honour privileged");
  if (!spec.links.empty()) return fail(Code::invalid, "the process engine cannot honour links");
  if (!spec.volumes_from.empty()) return fail(Code::invalid, "the process engine cannot honour volumesFrom");
  for (const Mount& mount : spec.mounts)
    if (mount.source != mount.target || mount.read_only)
      return fail(Code::invalid,
                  fmt::format("the process engine cannot mount {} at {}: containers see the machine's own "
                              "files, so source and containerPath must be the same and writable",
                              mount.source, mount.target));
  return {};
}

Result<std::vector<ResourceLimit>> read_ulimits(const json::Value& host_config) {
  static constexpr std::pair<std::string_view, int> kNames[] = {
      {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
      {"data", RLIMIT_DATA},         {"fsize", RLIMIT_FSIZE},
      {"locks", RLIMIT_LOCKS},       {"memlock", RLIMIT_MEMLOCK},
      {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
      {"nofile", RLIMIT_NOFILE},     {"nproc", RLIMIT_NPROC},
      {"rss", RLIMIT_RSS},           {"rtprio", RLIMIT_RTPRIO},
      {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
      {"stack", RLIMIT_STACK}};
  std::vector<ResourceLimit> out;
  const json::Value* list = host_config.find("Ulimits");
  if (list == nullptr || list->if_array() == nullptr) return out;
  for (const json::Value& item : *list->if_array()) {
    const auto* known = std::ranges::find(kNames, item.string_at("Name"), &std::pair<std::string_view, int>::first);
    const json::Value *soft = item.find("Soft"), *hard = item.find("Hard");
    if (known == std::end(kNames) || soft == nullptr || soft->if_int() == nullptr || hard == nullptr ||
        hard->if_int() == nullptr)
      return fail(Code::invalid, fmt::format("unknown ulimit \"{}\"", item.string_at("Name")));
    out.push_back({known->second, static_cast<uint64_t>(*soft->if_int()), static_cast<uint64_t>(*hard->if_int())});
  }
  return out;
}

bool has_variable(const std::vector<std::string>& environment, std::string_view name) {
  return std::ranges::any_of(environment, [&](std::string_view entry) {
    return entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
  });
}

void set_variable(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
  std::erase_if(environment, [&](std::string_view entry) {
    return entry.starts_with(name) && entry.substr(name.size()).starts_with('=');
  });
  environment.push_back(fmt::format("{}={}", name, value));
}

}  // namespace

Result<> check_image(std::string_view image) {
  const std::string_view name = without_tag(image);
  if (name == "host" || (name.starts_with(kBuiltIn) && name.size() > kBuiltIn.size())) return {};
  return fail(Code::not_found,
              fmt::format("the process engine has no image {}: it runs fairlead/... (built in) and host "
                          "(a command of this machine); others need a container engine",
                          image));
}

Result<ContainerRecord> make_record(const ContainerSpec& spec, const Place& place) {
  FL_TRY_VOID(check_spec(spec));
  FL_TRY(Command command, command_of(spec, place.program));
  ContainerRecord record;
  record.name = spec.name;
  record.task_id = spec.task_id;
  record.built_in = command.built_in;
  record.network_mode = spec.network_mode;
  record.ports = spec.ports;
  record.memory_bytes = spec.memory_bytes;
  record.cpu_shares = spec.cpu_shares;
  if (const auto text = spec.config.string_at("StopSignal"); !text.empty()) {
    const auto signal = parse_signal(text);
    if (!signal) return fail(Code::invalid, fmt::format("unknown stop signal \"{}\"", text));
    record.stop_signal = *signal;
  }
  LaunchSpec& launch = record.launch;
  FL_TRY(launch.limits, read_ulimits(spec.host_config));
  launch.arguments = std::move(command.arguments);
  launch.user = spec.config.string_at("User");
  launch.hostname = spec.config.string_at("Hostname");
  if (launch.hostname.empty()) launch.hostname = place.id.substr(0, 12);
  launch.directory = spec.config.string_at("WorkingDir");
  if (launch.directory.empty()) launch.directory = place.work_directory;
  for (const auto& [name, value] : spec.environment) launch.environment.push_back(name + "=" + value);
  const auto set_default = [&launch](std::string_view name, std::string_view value) {
    if (!has_variable(launch.environment, name)) set_variable(launch.environment, name, value);
  };
  set_default("PATH", kPath);
  set_default("HOSTNAME", launch.hostname);
  set_default("HOME", launch.directory);
  return record;
}

LaunchSpec start_spec(const ContainerRecord& record) {
  LaunchSpec spec = record.launch;
  const auto tell = [&](std::string_view name, std::string_view value) { set_variable(spec.environment, name, value); };
  if (record.bindings.empty()) return spec;
  tell("HOST", record.bindings[0].bind_ip);
  tell("PORT", std::to_string(record.bindings[0].host_port));
  for (const PortBinding& binding : record.bindings)
    tell(fmt::format("PORT_{}", binding.container_port), std::to_string(binding.host_port));
  if (record.built_in == "whoami") {
    tell("WHOAMI_ADDRESS", record.bindings[0].bind_ip);
    tell("WHOAMI_PORT_NUMBER", std::to_string(record.bindings[0].host_port));
    if (!has_variable(spec.environment, "WHOAMI_NAME")) tell("WHOAMI_NAME", spec.hostname);
  }
  return spec;
}

}  // namespace fl::agent::engine::process
