#include "aws/region.h"

#include <fmt/format.h>

#include "aws/instance_metadata.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecs/arn.h"

namespace fl::aws {
namespace {

// The task metadata endpoint, version 4, of the container we run in.
net::Task<Result<std::string>> region_of_task(http::Fetcher& fetcher, const Environment& environment,
                                              net::StopSource* stop) {
  const std::string base = environment.variable("ECS_CONTAINER_METADATA_URI_V4");
  if (base.empty()) co_return fail(Code::not_found, "ECS_CONTAINER_METADATA_URI_V4 is not set");
  FL_CO_TRY(http::Url url, http::Url::parse(base + "/task"));
  FL_CO_TRY(const auto response, co_await fetcher.fetch({.url = std::move(url)}, {.timeout = 2s, .stop = stop}));
  FL_CO_TRY(const json::Value task, json::parse(response.body));
  if (const auto arn = ecs::parse_arn(task.string_at("TaskARN")); arn && !arn->region.empty())
    co_return std::string(arn->region);
  // "eu-west-1a": the zone's letter follows the region. Local zones have longer names; their tasks have ARNs.
  const std::string_view zone = task.string_at("AvailabilityZone");
  if (zone.size() > 1 && !is_digit(zone.back())) co_return std::string(zone.substr(0, zone.size() - 1));
  co_return fail(Code::not_found, "the task's metadata name no region");
}

}  // namespace

net::Task<Result<std::string>> find_region(http::Fetcher& fetcher, const Environment& environment,
                                           const Profiles& profiles, net::StopSource* stop) {
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (std::string region = environment.variable(variable); !region.empty()) co_return region;
  if (std::string region = profiles.active_setting("region"); !region.empty()) co_return region;
  const auto from_task = co_await region_of_task(fetcher, environment, stop);
  if (from_task) co_return *from_task;
  InstanceMetadata metadata(fetcher, environment, stop);
  const auto from_instance = co_await metadata.get("placement/region");
  if (from_instance && !trim(*from_instance).empty()) co_return std::string(trim(*from_instance));
  co_return fail(Code::not_found,
                 fmt::format("no AWS region: AWS_REGION and AWS_DEFAULT_REGION are not set; profile {} has no region; "
                             "task: {}; instance: {}",
                             profiles.active(), from_task.error().message,
                             from_instance ? "it names none" : from_instance.error().message));
}

}  // namespace fl::aws
