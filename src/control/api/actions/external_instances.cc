#include "control/api/actions/external_instances.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/crypto.h"
#include "control/api/actions/managed_instances.h"
#include "control/api/paging.h"
#include "control/state/transaction.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

namespace ssm = aws::ssm;

constexpr Duration kUsualLife = 24h, kLongestLife = 30 * 24h;

// 20 letters and digits, about 119 bits.
std::string activation_code() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string code;
  while (code.size() < 20)
    for (const char byte : random_bytes(32))
      // Bytes past the last whole run of letters would make the first ones more likely.
      if (const auto n = static_cast<uint8_t>(byte); n < 248 && code.size() < 20) code += kLetters[n % kLetters.size()];
  return code;
}

bool is_one_of(const std::vector<std::string>& values, std::string_view value) {
  return std::ranges::find(values, value) != values.end();
}

Answer<Page> read_ssm_page(const std::optional<std::string>& token, const std::optional<int32_t>& size, int32_t usual,
                           int32_t most) {
  auto page = read_page(token, size, usual, most);
  if (!page) page.error().type = page.error().message == "Invalid token." ? "InvalidNextToken" : "ValidationException";
  return page;
}

ssm::Activation describe(const state::Activation& activation, WallTime now) {
  ssm::Activation out;
  out.activation_id = activation.id;
  if (!activation.description.empty()) out.description = activation.description;
  if (!activation.default_instance_name.empty()) out.default_instance_name = activation.default_instance_name;
  out.iam_role = activation.iam_role;
  out.registration_limit = activation.registration_limit;
  out.registrations_count = activation.registrations;
  out.expiration_date = activation.expires_at;
  out.expired = activation.expires_at <= now;
  out.created_date = activation.created_at;
  out.tags.emplace();
  for (const ecs::Tag& tag : activation.tags) out.tags->push_back({.key = tag.key, .value = tag.value});
  return out;
}

ssm::InstanceInformation describe(const state::ManagedInstance& machine, bool is_online) {
  ssm::InstanceInformation out;
  const auto put = [](std::optional<std::string>& member, const std::string& value) {
    if (!value.empty()) member = value;
  };
  out.instance_id = machine.id;
  out.ping_status = is_online ? "Online" : "ConnectionLost";
  out.last_ping_date_time = machine.last_ping_at;
  put(out.agent_version, machine.agent_version);
  out.is_latest_version = true;
  put(out.platform_type, machine.platform_type);
  put(out.platform_name, machine.platform_name);
  put(out.platform_version, machine.platform_version);
  put(out.activation_id, machine.activation_id);
  put(out.iam_role, machine.iam_role);
  out.registration_date = machine.registered_at;
  out.resource_type = "ManagedInstance";
  put(out.name, machine.name);
  put(out.ip_address, machine.ip_address);
  put(out.computer_name, machine.computer_name);
  return out;
}

// What a filter looks at; null for one that there is not.
const std::optional<std::string>* filtered_member(const ssm::InstanceInformation& machine, std::string_view key) {
  if (key == "InstanceIds") return &machine.instance_id;
  if (key == "AgentVersion") return &machine.agent_version;
  if (key == "PingStatus") return &machine.ping_status;
  if (key == "PlatformTypes") return &machine.platform_type;
  if (key == "ActivationIds") return &machine.activation_id;
  if (key == "IamRole") return &machine.iam_role;
  if (key == "ResourceType") return &machine.resource_type;
  if (key == "AssociationStatus") return &machine.association_status;
  return nullptr;
}

}  // namespace

Answer<ssm::CreateActivationResult> create_activation(const WriteCall& call,
                                                      const ssm::CreateActivationRequest& request) {
  state::Transaction& transaction = call.transaction;
  state::Activation activation;
  activation.id = transaction.ids().uuid();
  activation.iam_role = *request.iam_role;
  activation.description = request.description.value_or("");
  activation.default_instance_name = request.default_instance_name.value_or("");
  activation.registration_limit = request.registration_limit.value_or(1);
  activation.created_at = transaction.now();
  activation.expires_at = request.expiration_date.value_or(transaction.now() + kUsualLife);
  if (activation.iam_role.empty() || activation.iam_role.size() > 64)
    return refuse("ValidationException", "IamRole must have between 1 and 64 characters.");
  if (activation.registration_limit < 1 || activation.registration_limit > 1000)
    return refuse("ValidationException", "RegistrationLimit must be between 1 and 1000.");
  if (activation.expires_at <= transaction.now() || activation.expires_at > transaction.now() + kLongestLife)
    return refuse("InvalidParameters", "ExpirationDate must be in the future, and at most 30 days from now.");
  for (const ssm::Tag& tag : ecs::items(request.tags)) activation.tags.push_back({.key = tag.key, .value = tag.value});
  const std::string code = activation_code();
  activation.code_hash = hex(sha256(code));
  ssm::CreateActivationResult result{.activation_id = activation.id, .activation_code = code};
  transaction.put(std::move(activation));
  return result;
}

Answer<ssm::DescribeActivationsResult> describe_activations(const ReadCall& call,
                                                            const ssm::DescribeActivationsRequest& request) {
  FL_TRY(const Page page, read_ssm_page(request.next_token, request.max_results, 50, 50));
  const auto is_wanted = [&request](const state::Activation& activation) {
    return std::ranges::all_of(ecs::items(request.filters), [&](const ssm::DescribeActivationsFilter& filter) {
      const std::string_view key = ecs::text(filter.filter_key);
      const std::string& value = key == "ActivationIds" ? activation.id
                                 : key == "IamRole"     ? activation.iam_role
                                                        : activation.default_instance_name;
      return is_one_of(ecs::items(filter.filter_values), value);
    });
  };
  ssm::DescribeActivationsResult result{.activation_list = std::vector<ssm::Activation>()};
  const auto after = std::tuple(std::string_view(page.after));
  for (const auto& activation : call.state.activations().all().range_after(std::tuple<>(), after)) {
    if (!is_wanted(*activation)) continue;
    if (result.activation_list->size() == page.size) {
      result.next_token = next_token_after(*result.activation_list->back().activation_id);
      break;
    }
    result.activation_list->push_back(describe(*activation, call.now));
  }
  return result;
}

Answer<ssm::DeleteActivationResult> delete_activation(const WriteCall& call,
                                                      const ssm::DeleteActivationRequest& request) {
  const auto* found = call.transaction.state().activations().find({*request.activation_id});
  if (found == nullptr) return invalid_activation();
  call.transaction.erase(*found);
  return ssm::DeleteActivationResult{};
}

Answer<ssm::DescribeInstanceInformationResult> describe_instance_information(
    const ReadCall& call, const ssm::DescribeInstanceInformationRequest& request) {
  FL_TRY(const Page page, read_ssm_page(request.next_token, request.max_results, 50, 50));
  // Both ways of writing a filter, as one.
  std::vector<std::pair<std::string_view, const std::vector<std::string>*>> filters;
  for (const auto& filter : ecs::items(request.filters)) filters.emplace_back(*filter.key, &ecs::items(filter.values));
  for (const auto& filter : ecs::items(request.instance_information_filter_list))
    filters.emplace_back(*filter.key, &ecs::items(filter.value_set));
  for (const auto& [key, values] : filters)
    if (filtered_member({}, key) == nullptr)
      return refuse("InvalidFilterKey", fmt::format("The specified filter key {} isn't valid.", key));

  std::set<std::string_view> online;
  for (const auto& instance : call.state.instances().all())
    if (instance->shape.agent_connected.value_or(false)) online.insert(instance->managed_instance);
  ssm::DescribeInstanceInformationResult result{.instance_information_list = std::vector<ssm::InstanceInformation>()};
  const auto after = std::tuple(std::string_view(page.after));
  for (const auto& machine : call.state.managed_instances().all().range_after(std::tuple<>(), after)) {
    ssm::InstanceInformation shown = describe(*machine, online.contains(machine->id));
    const bool is_wanted = std::ranges::all_of(filters, [&shown](const auto& filter) {
      return is_one_of(*filter.second, ecs::text(*filtered_member(shown, filter.first)));
    });
    if (!is_wanted) continue;
    if (result.instance_information_list->size() == page.size) {
      result.next_token = next_token_after(*result.instance_information_list->back().instance_id);
      break;
    }
    result.instance_information_list->push_back(std::move(shown));
  }
  return result;
}

Answer<ssm::DeregisterManagedInstanceResult> deregister_managed_instance(
    const WriteCall& call, const ssm::DeregisterManagedInstanceRequest& request) {
  const auto* found = call.transaction.state().managed_instances().find({*request.instance_id});
  if (found == nullptr)
    return refuse("InvalidInstanceId", fmt::format("Instances [[{}]] not in a valid state for account {}",
                                                   *request.instance_id, call.transaction.scope().account));
  call.transaction.erase(*found);
  return ssm::DeregisterManagedInstanceResult{};
}

}  // namespace fl::control::api
