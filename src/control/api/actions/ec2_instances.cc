#include "control/api/actions/ec2_instances.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "control/api/paging.h"
#include "control/state/view.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

namespace ec2 = aws::ec2;

constexpr int32_t kFewest = 5, kMost = 1000;  // of MaxResults

std::string attribute(const ecs::ContainerInstance& instance, std::string_view name) {
  for (const ecs::Attribute& a : ecs::items(instance.attributes))
    if (a.name == name) return a.value.value_or("");
  return {};
}

ec2::Instance describe(const state::ContainerInstance& instance) {
  const bool is_gone = instance.shape.status == "INACTIVE";
  ec2::Instance out;
  out.instance_id = instance.shape.ec2_instance_id;
  out.state = ec2::InstanceState{.code = is_gone ? 48 : 16, .name = is_gone ? "terminated" : "running"};
  if (!is_gone && !instance.ip_address.empty()) out.private_ip_address = instance.ip_address;
  out.launch_time = instance.shape.registered_at;
  out.architecture = attribute(instance.shape, "ecs.cpu-architecture");
  out.instance_type = attribute(instance.shape, "ecs.instance-type");
  out.placement.emplace().availability_zone = attribute(instance.shape, "ecs.availability-zone");
  if (!ecs::items(instance.shape.tags).empty()) out.tags.emplace();
  for (const ecs::Tag& tag : ecs::items(instance.shape.tags)) out.tags->push_back({.key = tag.key, .value = tag.value});
  return out;
}

// By id, in the order in which they are answered. A machine that was registered again is what it is now.
std::map<std::string, ec2::Instance, std::less<>> machines(const state::Partition& state) {
  std::map<std::string, ec2::Instance, std::less<>> out;
  for (const auto& instance : state.instances().all()) {
    const std::string_view id = ecs::text(instance->shape.ec2_instance_id);
    if (!id.starts_with("i-")) continue;
    if (instance->shape.status != "INACTIVE" || !out.contains(id))
      out.insert_or_assign(std::string(id), describe(*instance));
  }
  return out;
}

// What a filter looks at; null for one that there is not.
const std::optional<std::string>* filtered_member(const ec2::Instance& machine, std::string_view name) {
  if (name == "instance-id") return &machine.instance_id;
  if (name == "instance-state-name") return &machine.state->name;
  if (name == "private-ip-address") return &machine.private_ip_address;
  return nullptr;
}

bool is_one_of(const std::vector<std::string>& values, std::string_view value) {
  return std::ranges::find(values, value) != values.end();
}

Answer<Page> read_ec2_page(const ec2::DescribeInstancesRequest& request) {
  if (request.max_results && request.instance_ids)
    return refuse("InvalidParameterCombination",
                  "The parameter instancesSet cannot be used with the parameter maxResults");
  if (request.max_results && (*request.max_results < kFewest || *request.max_results > kMost))
    return refuse("InvalidParameterValue", fmt::format("Value ( {} ) for parameter maxResults is invalid. Expecting a "
                                                       "value between {} and {}.",
                                                       *request.max_results, kFewest, kMost));
  auto page = read_page(request.next_token, request.max_results, kMost, kMost);
  if (!page) return refuse("InvalidParameterValue", "The token is invalid.");
  return page;
}

}  // namespace

Answer<ec2::DescribeInstancesResult> describe_instances(const ReadCall& call,
                                                        const ec2::DescribeInstancesRequest& request) {
  FL_TRY(const Page page, read_ec2_page(request));
  const auto known = machines(call.state);
  const std::vector<std::string>& wanted = ecs::items(request.instance_ids);
  for (const std::string& id : wanted) {
    if (!id.starts_with("i-")) return refuse("InvalidInstanceID.Malformed", fmt::format("Invalid id: \"{}\"", id));
    if (!known.contains(id))
      return refuse("InvalidInstanceID.NotFound", fmt::format("The instance ID '{}' does not exist", id));
  }
  ec2::Instance any;
  any.state.emplace();
  for (const ec2::Filter& filter : ecs::items(request.filters))
    if (filtered_member(any, ecs::text(filter.name)) == nullptr)
      return refuse("InvalidParameterValue", fmt::format("The filter '{}' is invalid", ecs::text(filter.name)));

  ec2::DescribeInstancesResult result{.next_token = {}, .reservations = std::vector<ec2::Reservation>()};
  for (auto at = known.upper_bound(page.after); at != known.end(); ++at) {
    const auto& [id, machine] = *at;
    if (!wanted.empty() && !is_one_of(wanted, id)) continue;
    const bool passes = std::ranges::all_of(ecs::items(request.filters), [&machine](const ec2::Filter& filter) {
      return is_one_of(ecs::items(filter.values), ecs::text(*filtered_member(machine, *filter.name)));
    });
    if (!passes) continue;
    if (result.reservations->size() == page.size) {
      result.next_token = next_token_after(*result.reservations->back().instances->back().instance_id);
      break;
    }
    result.reservations->push_back({.reservation_id = "r-" + id.substr(2),
                                    .owner_id = call.scope.account,
                                    .requester_id = {},
                                    .groups = {},
                                    .instances = std::vector{machine}});
  }
  return result;
}

}  // namespace fl::control::api
