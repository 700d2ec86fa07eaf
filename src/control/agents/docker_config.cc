#include "control/agents/docker_config.h"

#include "base/json.h"
#include "ecs/shape.h"

namespace fl::control::agents {
namespace {

constexpr int64_t kMiB = 1 << 20, kSecond = 1'000'000'000;

json::Value texts(const std::vector<std::string>& list) {
  json::Array out;
  for (const std::string& text : list) out.emplace_back(text);
  return out;
}
json::Value texts(const std::map<std::string, std::string>& map) {
  json::Object out;
  for (const auto& [key, value] : map) out.emplace_back(key, value);
  return out;
}

json::Value health_check(const ecs::HealthCheck& check) {
  return json::Object{{"Test", texts(ecs::items(check.command))},
                      {"Interval", check.interval.value_or(30) * kSecond},
                      {"Timeout", check.timeout.value_or(5) * kSecond},
                      {"Retries", check.retries.value_or(3)},
                      {"StartPeriod", check.start_period.value_or(0) * kSecond}};
}

json::Object config_of(const ecs::ContainerDefinition& container) {
  json::Object out;
  if (container.docker_labels) out.emplace_back("Labels", texts(*container.docker_labels));
  if (container.health_check) out.emplace_back("Healthcheck", health_check(*container.health_check));
  if (container.user) out.emplace_back("User", *container.user);
  if (container.working_directory) out.emplace_back("WorkingDir", *container.working_directory);
  if (container.hostname) out.emplace_back("Hostname", *container.hostname);
  if (container.interactive == true) out.emplace_back("OpenStdin", true);
  if (container.pseudo_terminal == true) out.emplace_back("Tty", true);
  if (container.disable_networking == true) out.emplace_back("NetworkDisabled", true);
  return out;
}

void add_linux_parameters(const ecs::LinuxParameters& linux_, json::Object& out) {
  if (linux_.capabilities && linux_.capabilities->add) out.emplace_back("CapAdd", texts(*linux_.capabilities->add));
  if (linux_.capabilities && linux_.capabilities->drop) out.emplace_back("CapDrop", texts(*linux_.capabilities->drop));
  if (linux_.init_process_enabled) out.emplace_back("Init", *linux_.init_process_enabled);
  if (linux_.shared_memory_size) out.emplace_back("ShmSize", *linux_.shared_memory_size * kMiB);
  if (linux_.max_swap) out.emplace_back("MemorySwap", *linux_.max_swap * kMiB);
  if (linux_.swappiness) out.emplace_back("MemorySwappiness", static_cast<int64_t>(*linux_.swappiness));
  json::Array devices;
  for (const ecs::Device& device : ecs::items(linux_.devices)) {
    std::string permissions;
    for (const std::string& permission : ecs::items(device.permissions)) permissions += permission.substr(0, 1);
    devices.push_back(json::Object{{"PathOnHost", std::string(ecs::text(device.host_path))},
                                   {"PathInContainer", device.container_path.value_or(device.host_path.value_or(""))},
                                   {"CgroupPermissions", permissions.empty() ? "rwm" : permissions}});
  }
  if (!devices.empty()) out.emplace_back("Devices", std::move(devices));
  json::Object tmpfs;
  for (const ecs::Tmpfs& mount : ecs::items(linux_.tmpfs)) {
    std::string options = "size=" + std::to_string(mount.size.value_or(0)) + "m";
    for (const std::string& option : ecs::items(mount.mount_options)) options += "," + option;
    tmpfs.emplace_back(mount.container_path.value_or(""), options);
  }
  if (!tmpfs.empty()) out.emplace_back("Tmpfs", std::move(tmpfs));
}

json::Object host_config_of(const ecs::ContainerDefinition& container, const std::string& network_mode) {
  json::Object out;
  if (network_mode != "awsvpc") out.emplace_back("NetworkMode", network_mode);
  if (container.log_configuration) {
    json::Object log{{"Type", std::string(ecs::text(container.log_configuration->log_driver))}};
    if (container.log_configuration->options) log.emplace_back("Config", texts(*container.log_configuration->options));
    out.emplace_back("LogConfig", std::move(log));
  }
  json::Array ulimits;
  for (const ecs::Ulimit& limit : ecs::items(container.ulimits))
    ulimits.push_back(json::Object{{"Name", std::string(ecs::text(limit.name))},
                                   {"Soft", static_cast<int64_t>(limit.soft_limit.value_or(0))},
                                   {"Hard", static_cast<int64_t>(limit.hard_limit.value_or(0))}});
  if (!ulimits.empty()) out.emplace_back("Ulimits", std::move(ulimits));
  if (container.privileged) out.emplace_back("Privileged", *container.privileged);
  if (container.readonly_root_filesystem) out.emplace_back("ReadonlyRootfs", *container.readonly_root_filesystem);
  if (container.dns_servers) out.emplace_back("Dns", texts(*container.dns_servers));
  if (container.dns_search_domains) out.emplace_back("DnsSearch", texts(*container.dns_search_domains));
  if (container.docker_security_options) out.emplace_back("SecurityOpt", texts(*container.docker_security_options));
  if (container.memory_reservation) out.emplace_back("MemoryReservation", *container.memory_reservation * kMiB);
  json::Array hosts;
  for (const ecs::HostEntry& host : ecs::items(container.extra_hosts))
    hosts.emplace_back(host.hostname.value_or("") + ":" + host.ip_address.value_or(""));
  if (!hosts.empty()) out.emplace_back("ExtraHosts", std::move(hosts));
  json::Object controls;
  for (const ecs::SystemControl& control : ecs::items(container.system_controls))
    controls.emplace_back(control.namespace_.value_or(""), control.value.value_or(""));
  if (!controls.empty()) out.emplace_back("Sysctls", std::move(controls));
  if (container.linux_parameters) add_linux_parameters(*container.linux_parameters, out);
  return out;
}

}  // namespace

ecs::agent::DockerConfig make_docker_config(const ecs::ContainerDefinition& container,
                                            const std::string& network_mode) {
  return {.config = json::to_text(config_of(container)),
          .host_config = json::to_text(host_config_of(container, network_mode)),
          .version = "1.17"};
}

}  // namespace fl::control::agents
