#include "control/api/actions/capacity_providers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "control/api/actions/capacity_strategy.h"
#include "control/api/actions/tag_rules.h"
#include "control/api/names.h"
#include "control/api/paging.h"
#include "control/state/transaction.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

std::string provider_arn(const state::Scope& scope, std::string_view name) {
  return fmt::format("arn:aws:ecs:{}:{}:capacity-provider/{}", scope.region, scope.account, name);
}

ecs::CapacityProvider predefined(const state::Scope& scope, const std::string& name) {
  return {.capacity_provider_arn = provider_arn(scope, name),
          .name = name,
          .status = "ACTIVE",
          .tags = std::vector<ecs::Tag>(),
          .type = name};
}

Answer<> check_name(std::string_view name) {
  const auto is_allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
  if (name.empty() || name.size() > 255 || !std::ranges::all_of(name, is_allowed))
    return invalid_parameter(
        "The specified capacity provider name is invalid. Up to 255 characters are allowed, including letters "
        "(uppercase and lowercase), numbers, underscores, and hyphens.");
  for (const std::string_view prefix : {"aws", "ecs", "fargate"})
    if (iequals(name.substr(0, prefix.size()), prefix))
      return invalid_parameter(
          "The specified capacity provider name is invalid. The name cannot be prefixed with aws, ecs, or fargate.");
  return {};
}

Answer<> check_scaling(const std::optional<ecs::ManagedScaling>& scaling) {
  if (!scaling) return {};
  const auto between = [](const std::optional<int32_t>& n, int32_t least, int32_t most) {
    return !n || (*n >= least && *n <= most);
  };
  if (!between(scaling->target_capacity, 1, 100))
    return invalid_parameter("The target capacity must be between 1 and 100.");
  if (!between(scaling->minimum_scaling_step_size, 1, 10000) || !between(scaling->maximum_scaling_step_size, 1, 10000))
    return invalid_parameter("The scaling step sizes must be between 1 and 10000.");
  if (!between(scaling->instance_warmup_period, 0, 10000))
    return invalid_parameter("The instance warmup period must be between 0 and 10000.");
  return {};
}

// What AWS fills in.
ecs::ManagedScaling complete(const std::optional<ecs::ManagedScaling>& given) {
  ecs::ManagedScaling out = given.value_or(ecs::ManagedScaling{});
  if (!out.status) out.status = "DISABLED";
  if (!out.target_capacity) out.target_capacity = 100;
  if (!out.minimum_scaling_step_size) out.minimum_scaling_step_size = 1;
  if (!out.maximum_scaling_step_size) out.maximum_scaling_step_size = 10000;
  if (!out.instance_warmup_period) out.instance_warmup_period = 300;
  return out;
}

// A record that is not gone. Errors: InvalidParameterException.
Answer<const state::CapacityProvider*> find_provider(const state::Transaction& transaction, const std::string& given) {
  if (given == "FARGATE" || given == "FARGATE_SPOT")
    return invalid_parameter("The specified capacity provider is reserved by AWS and cannot be changed.");
  const auto name = name_in_scope(transaction.scope(), "capacity-provider", given);
  const auto* found = name ? transaction.state().capacity_providers().find({*name}) : nullptr;
  if (found == nullptr || found->shape.status != "ACTIVE")
    return invalid_parameter(
        "The specified capacity provider does not exist. Specify a valid name or ARN and try again.");
  return found;
}

}  // namespace

Answer<ecs::CreateCapacityProviderResponse> create_capacity_provider(
    const WriteCall& call, const ecs::CreateCapacityProviderRequest& request) {
  state::Transaction& transaction = call.transaction;
  const std::string& name = *request.name;
  FL_TRY_VOID(check_name(name));
  if (request.managed_instances_provider) return unsupported_feature("fairlead has no Amazon ECS Managed Instances.");
  if (!request.auto_scaling_group_provider)
    return invalid_parameter("The capacity provider needs an autoScalingGroupProvider.");
  const auto* there = transaction.state().capacity_providers().find({name});
  if (there != nullptr && there->shape.status == "ACTIVE")
    return invalid_parameter(
        "The specified capacity provider already exists. To change the configuration of an existing capacity provider, "
        "update the capacity provider.");
  FL_TRY_VOID(check_scaling(request.auto_scaling_group_provider->managed_scaling));
  FL_TRY(auto tags, new_tags(request.tags));

  state::CapacityProvider provider{.name = name, .shape = {}};
  auto& shape = provider.shape;
  shape.capacity_provider_arn = provider_arn(transaction.scope(), name);
  shape.name = name;
  shape.status = "ACTIVE";
  shape.auto_scaling_group_provider = request.auto_scaling_group_provider;
  auto& group = *shape.auto_scaling_group_provider;
  group.managed_scaling = complete(group.managed_scaling);
  if (!group.managed_termination_protection) group.managed_termination_protection = "DISABLED";
  if (!group.managed_draining) group.managed_draining = "ENABLED";
  shape.tags = std::move(tags);
  shape.type = "EC2_AUTOSCALING";
  ecs::CreateCapacityProviderResponse response{.capacity_provider = shape};
  transaction.put(std::move(provider));
  return response;
}

Answer<ecs::DescribeCapacityProvidersResponse> describe_capacity_providers(
    const ReadCall& call, const ecs::DescribeCapacityProvidersRequest& request) {
  const auto& names = ecs::items(request.capacity_providers);
  if (names.size() > 100) return invalid_parameter("CapacityProviders cannot have more than 100 elements.");
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 10, 10));
  const bool with_tags = std::ranges::find(ecs::items(request.include), "TAGS") != ecs::items(request.include).end();
  ecs::DescribeCapacityProvidersResponse response{.capacity_providers = std::vector<ecs::CapacityProvider>(),
                                                  .failures = std::vector<ecs::Failure>()};
  const auto add = [&](ecs::CapacityProvider shape) {
    if (!with_tags) shape.tags.emplace();
    response.capacity_providers->push_back(std::move(shape));
  };
  for (const std::string& given : names) {
    const auto name = name_in_scope(call.scope, "capacity-provider", given);
    const auto* found = name ? call.state.capacity_providers().find({*name}) : nullptr;
    if (name == "FARGATE" || name == "FARGATE_SPOT")
      add(predefined(call.scope, std::string(*name)));
    else if (found != nullptr)
      add(found->shape);
    else
      response.failures->push_back(
          {.arn = given.starts_with("arn:") ? given : provider_arn(call.scope, given), .reason = "MISSING"});
  }
  if (!names.empty()) return response;

  // Everything, in the order of the names; FARGATE's come where they would stand.
  std::vector<ecs::CapacityProvider> all{predefined(call.scope, "FARGATE"), predefined(call.scope, "FARGATE_SPOT")};
  for (const auto& provider : call.state.capacity_providers().all())
    if (provider->shape.status == "ACTIVE") all.push_back(provider->shape);
  std::ranges::sort(all, {}, &ecs::CapacityProvider::name);
  for (ecs::CapacityProvider& provider : all) {
    if (*provider.name <= page.after) continue;
    if (response.capacity_providers->size() == page.size) {
      response.next_token = next_token_after(*response.capacity_providers->back().name);
      break;
    }
    add(std::move(provider));
  }
  return response;
}

Answer<ecs::UpdateCapacityProviderResponse> update_capacity_provider(
    const WriteCall& call, const ecs::UpdateCapacityProviderRequest& request) {
  FL_TRY(const state::CapacityProvider* found, find_provider(call.transaction, *request.name));
  state::CapacityProvider provider = *found;
  if (!request.auto_scaling_group_provider)
    return invalid_parameter("The capacity provider needs an autoScalingGroupProvider.");
  const auto& update = *request.auto_scaling_group_provider;
  FL_TRY_VOID(check_scaling(update.managed_scaling));
  auto& group = *provider.shape.auto_scaling_group_provider;
  if (const auto& scaling = update.managed_scaling) {
    const auto put = [](auto& to, const auto& from) {
      if (from) to = from;
    };
    put(group.managed_scaling->status, scaling->status);
    put(group.managed_scaling->target_capacity, scaling->target_capacity);
    put(group.managed_scaling->minimum_scaling_step_size, scaling->minimum_scaling_step_size);
    put(group.managed_scaling->maximum_scaling_step_size, scaling->maximum_scaling_step_size);
    put(group.managed_scaling->instance_warmup_period, scaling->instance_warmup_period);
  }
  if (update.managed_termination_protection)
    group.managed_termination_protection = update.managed_termination_protection;
  if (update.managed_draining) group.managed_draining = update.managed_draining;
  provider.shape.update_status = "UPDATE_COMPLETE";
  ecs::UpdateCapacityProviderResponse response{.capacity_provider = provider.shape};
  call.transaction.put(std::move(provider));
  return response;
}

Answer<ecs::DeleteCapacityProviderResponse> delete_capacity_provider(
    const WriteCall& call, const ecs::DeleteCapacityProviderRequest& request) {
  FL_TRY(const state::CapacityProvider* found, find_provider(call.transaction, *request.capacity_provider));
  for (const auto& cluster : call.transaction.state().clusters().all()) {
    const auto& used = ecs::items(cluster->shape.capacity_providers);
    if (cluster->shape.status == "ACTIVE" && std::ranges::find(used, found->name) != used.end())
      return invalid_parameter(
          "The specified capacity provider cannot be deleted because it is associated with a cluster. Remove the "
          "capacity provider from the cluster and try again.");
  }
  state::CapacityProvider provider = *found;
  provider.shape.status = "INACTIVE";
  provider.shape.update_status = "DELETE_COMPLETE";
  ecs::DeleteCapacityProviderResponse response{.capacity_provider = provider.shape};
  call.transaction.put(std::move(provider));
  return response;
}

}  // namespace fl::control::api
