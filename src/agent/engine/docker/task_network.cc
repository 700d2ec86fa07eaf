#include "agent/engine/docker/task_network.h"

#include <fmt/format.h>

#include "agent/engine/docker/pause_image.h"

namespace fl::agent::engine {
namespace {

constexpr std::string_view kOwnerLabel = "fairlead.network", kNamePrefix = "fairlead-network-";

constexpr Duration kLookAgain = 20ms;

std::string name_of(std::string_view task_id) { return fmt::format("{}{}", kNamePrefix, task_id); }

}  // namespace

TaskNetworks::Call<std::string> TaskNetworks::make(std::string task_id) {
  const std::string name = name_of(task_id);
  Result<std::string> id;
  do {
    const auto found = co_await client_.inspect(name);
    if (found)
      id = found->id;
    else if (found.error().code == Code::not_found)
      id = co_await create(name);
    else
      id = tl::make_unexpected(found.error());
    // Being made for another container of the task: its name is taken, but it cannot be seen yet.
  } while (!id && id.error().code == Code::conflict && co_await net::sleep_for(kLookAgain, closing_));
  if (!id) co_return tl::make_unexpected(std::move(id).error().context("network of the task"));
  FL_CO_TRY_VOID(co_await client_.start(*id));
  co_return id;
}

TaskNetworks::Call<std::string> TaskNetworks::create(std::string name) {
  const std::string image = fmt::format("{}:{}", kPauseRepository, kPauseTag);
  FL_CO_TRY(const bool has_image, co_await client_.has_image(image));
  if (!has_image) {
    FL_CO_TRY_VOID(co_await client_.import_image(kPauseRepository, kPauseTag, pause_archive()));
  }
  co_return co_await client_.create(
      std::move(name), json::Object{{"Image", image},
                                    {"Entrypoint", json::Array{kPauseProgram}},
                                    {"Labels", json::Object{{std::string(kOwnerLabel), owner_}}},
                                    {"HostConfig", json::Object{{"NetworkMode", network_}, {"ReadonlyRootfs", true}}}});
}

TaskNetworks::Call<> TaskNetworks::remove(std::string task_id) {
  const std::string name = name_of(task_id);
  auto removed = co_await client_.remove(name);
  // podman keeps it until those that joined it are removed; ended, it holds no address.
  if (!removed && removed.error().code == Code::unavailable) removed = co_await client_.stop(name, 0s);
  if (!removed && removed.error().code == Code::not_found) removed = Result<>();
  co_return removed;
}

TaskNetworks::Call<std::vector<std::string>> TaskNetworks::list() {
  FL_CO_TRY(const auto ids, co_await client_.list(fmt::format("{}={}", kOwnerLabel, owner_)));
  std::vector<std::string> tasks;
  for (const std::string& id : ids)
    if (const auto container = co_await client_.inspect(id); container && container->name.starts_with(kNamePrefix))
      tasks.push_back(container->name.substr(kNamePrefix.size()));
  co_return tasks;
}

TaskNetworks::Call<std::string> TaskNetworks::address(std::string id) {
  FL_CO_TRY(const docker::Container container, co_await client_.inspect(std::move(id)));
  if (container.ip_address.empty()) co_return fail(Code::unavailable, "the network of the task has no address");
  co_return container.ip_address;
}

}  // namespace fl::agent::engine
