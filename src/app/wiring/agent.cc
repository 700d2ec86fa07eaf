#include "app/wiring/agent.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "agent/agent.h"
#include "agent/become_machine.h"
#include "agent/choose_engine.h"
#include "app/wiring/control_plane_environment.h"
#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/fetch.h"
#include "net/resolver.h"
#include "tls/client_context.h"

namespace fl::app {
namespace {

using config::statics::Agent;

std::string variable(const config::Map<std::string>& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Result<agent::engine::PullBehavior> pull_behavior(std::string_view text) {
  using agent::engine::PullBehavior;
  if (text == "default") return PullBehavior::default_;
  if (text == "always") return PullBehavior::always;
  if (text == "once") return PullBehavior::once;
  if (text == "prefer-cached") return PullBehavior::prefer_cached;
  return fail(Code::invalid,
              fmt::format("pull-behavior: \"{}\" is none of default, always, once, prefer-cached", text));
}

Result<std::pair<uint16_t, uint16_t>> port_range(std::string_view text) {
  const auto parts = split(text, '-');
  const auto first = parse_uint(parts[0]), last = parse_uint(parts.back());
  if (parts.size() != 2 || !first || !last || *first == 0 || *first > *last || *last > 65535)
    return fail(Code::invalid, fmt::format("dynamic-ports: \"{}\" is no range of ports like 32768-60999", text));
  return std::pair(static_cast<uint16_t>(*first), static_cast<uint16_t>(*last));
}

Result<std::map<std::string, std::string>> attributes(const std::vector<std::string>& list) {
  std::map<std::string, std::string> out;
  for (const std::string& item : list) {
    const size_t equals = item.find('=');
    if (equals == 0 || equals == item.npos)
      return fail(Code::invalid, fmt::format("attributes: \"{}\" is not name=value", item));
    out[item.substr(0, equals)] = item.substr(equals + 1);
  }
  return out;
}

// Our own address as the control plane sees it: that of a socket connected there. Nothing is sent.
net::Task<Result<std::string>> address_towards(net::Resolver& resolver, http::Url url) {
  const auto addresses = co_await resolver.resolve(url.host);
  if (!addresses)
    co_return tl::make_unexpected(
        Error(addresses.error())
            .context(fmt::format("the control plane {} (--endpoint names another)", url.to_string())));
  for (const net::IpAddress& ip : *addresses) {
    sockaddr_storage storage{};
    socklen_t length = net::SocketAddress{ip, url.port}.to_sockaddr(storage);
    const int fd = ::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    const bool is_connected = ::connect(fd, reinterpret_cast<sockaddr*>(&storage), length) == 0;
    const auto local = net::local_address(fd);
    ::close(fd);
    if (is_connected && local) co_return local->ip.to_string();
  }
  co_return fail(Code::unavailable, fmt::format("no route to {}; give --address", url.host));
}

Result<> check_numbers(const Agent& options) {
  if (options.reserved_memory < 0) return fail(Code::invalid, "reserved-memory: must not be negative");
  if (options.log_max_size < 1) return fail(Code::invalid, "log-max-size: must be at least 1");
  if (options.log_max_files < 1) return fail(Code::invalid, "log-max-files: must be at least 1");
  if (options.stop_timeout < Duration(0)) return fail(Code::invalid, "stop-timeout: must not be negative");
  if (options.cleanup_wait < Duration(0)) return fail(Code::invalid, "cleanup-wait: must not be negative");
  return {};
}

std::string region_of(const Agent& options, const config::Map<std::string>& environment) {
  if (!options.region.empty()) return options.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (const std::string region = variable(environment, name); !region.empty()) return region;
  return "us-east-1";
}

}  // namespace

Result<> apply_ecs_variables(const config::Map<std::string>& environment, Agent& options) {
  const auto text = [&](std::string_view name, std::string& out) {
    if (const std::string value = variable(environment, name); !value.empty()) out = value;
  };
  const auto duration = [&](std::string_view name, Duration& out) -> Result<> {
    const std::string value = variable(environment, name);
    if (value.empty()) return {};
    auto parsed = parse_duration(value);
    if (!parsed) return tl::make_unexpected(std::move(parsed).error().context(name));
    out = *parsed;
    return {};
  };
  text("ECS_CLUSTER", options.cluster);
  text("ECS_BACKEND_HOST", options.endpoint);
  text("ECS_DATADIR", options.data);
  text("ECS_IMAGE_PULL_BEHAVIOR", options.pull_behavior);
  text("ECS_DYNAMIC_HOST_PORT_RANGE", options.dynamic_ports);
  text("DOCKER_HOST", options.docker_host);
  text("ECS_LOGLEVEL", options.log_level);
  FL_TRY_VOID(duration("ECS_CONTAINER_STOP_TIMEOUT", options.stop_timeout));
  FL_TRY_VOID(duration("ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION", options.cleanup_wait));
  if (variable(environment, "ECS_EXTERNAL") == "true") options.external = true;
  if (const std::string value = variable(environment, "ECS_RESERVED_MEMORY"); !value.empty()) {
    const auto number = parse_int(value);
    if (!number) return fail(Code::invalid, fmt::format("ECS_RESERVED_MEMORY: \"{}\" is no number", value));
    options.reserved_memory = *number;
  }
  if (const std::string value = variable(environment, "ECS_INSTANCE_ATTRIBUTES"); !value.empty()) {
    const auto object = json::parse(value);
    if (!object || object->if_object() == nullptr)
      return fail(Code::invalid, "ECS_INSTANCE_ATTRIBUTES is no JSON object");
    for (const auto& [name, member] : *object->if_object())
      if (member.if_string() != nullptr) options.attributes.push_back(name + "=" + *member.if_string());
  }
  return {};
}

net::Task<Result<>> run_agent(net::Loop& loop, const Agent& options, const config::Map<std::string>& environment,
                              net::StopSource& stop) {
  FL_CO_TRY_VOID(check_numbers(options));
  const aws::FixedEnvironment variables = control_plane_environment(environment, options.endpoint);
  net::Resolver resolver(loop);
  FL_CO_TRY(const std::shared_ptr<const tls::ClientContext> tls,
            tls::ClientContext::create({.ca_file = variables.variable("AWS_CA_BUNDLE")}));
  http::Fetcher fetcher(loop, resolver, tls);

  agent::AgentOptions settings;
  settings.data_directory = std::filesystem::absolute(options.data).string();
  settings.stop_timeout = options.stop_timeout;
  settings.stop_tasks = options.stop_tasks;
  settings.metadata_address = options.metadata_address;
  settings.tasks.cleanup_wait = options.cleanup_wait;
  FL_CO_TRY(settings.tasks.pull, pull_behavior(options.pull_behavior));
  agent::session::RegistrationOptions& registration = settings.registration;
  registration.cluster = options.cluster;
  registration.region = region_of(options, environment);
  registration.availability_zone =
      options.availability_zone.empty() ? registration.region + "a" : options.availability_zone;
  FL_CO_TRY(const auto control_plane,
            agent::session::ControlPlane::create(fetcher, variables, {.region = registration.region, .stop = &stop}));
  FL_CO_TRY(const bool is_machine, co_await agent::become_machine(loop, *control_plane, settings.data_directory,
                                                                  {options.activation_id, options.activation_code}));
  registration.is_external = options.external || is_machine;
  registration.reserved_memory = options.reserved_memory;
  registration.reserved_ports = {22, 2375, 2376, 51678, 51679};
  FL_CO_TRY(registration.attributes, attributes(options.attributes));
  registration.address = options.address;
  if (registration.address.empty()) {
    FL_CO_TRY(const http::Url* towards, control_plane->caller().endpoint(ecs::kService));
    FL_CO_TRY(registration.address, co_await address_towards(resolver, *towards));
  }

  FL_CO_TRY(const auto ports, port_range(options.dynamic_ports));
  agent::EngineChoice choice;
  choice.wanted = options.engine;
  choice.docker_host = options.docker_host;
  choice.process = {.directory = settings.data_directory,
                    .program = std::filesystem::read_symlink("/proc/self/exe").string(),
                    .address = registration.address,
                    .first_dynamic_port = ports.first,
                    .last_dynamic_port = ports.second,
                    .log_max_bytes = static_cast<uint64_t>(options.log_max_size) << 20,
                    .log_max_files = static_cast<int>(options.log_max_files),
                    .why = {}};
  choice.docker = {.directory = settings.data_directory,
                   .owner = settings.data_directory,
                   .log_max_bytes = choice.process.log_max_bytes,
                   .log_max_files = choice.process.log_max_files,
                   .why = {},
                   .task_network = options.task_network};
  FL_CO_TRY(const auto engine, co_await agent::choose_engine(loop, fetcher, std::move(choice)));
  agent::Agent agent(loop, *engine, *control_plane, std::move(settings));
  co_return co_await agent.run(stop);
}

}  // namespace fl::app
