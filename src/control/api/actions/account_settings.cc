#include "control/api/actions/account_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/api/paging.h"
#include "control/state/transaction.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

// Source: ECS developer guide, account settings. The default of a value stands first.
struct Known {
  std::string_view name;
  std::vector<std::string_view> values;
  bool is_fixed = false;  // the default is all there is any more
};
const Known kKnown[] = {
    {"serviceLongArnFormat", {"enabled"}, true},
    {"taskLongArnFormat", {"enabled"}, true},
    {"containerInstanceLongArnFormat", {"enabled"}, true},
    {"awsvpcTrunking", {"disabled", "enabled"}},
    {"containerInsights", {"disabled", "enabled", "enhanced"}},
    {"fargateFIPSMode", {"disabled", "enabled"}},
    {"tagResourceAuthorization", {"on", "off"}},
    {"fargateTaskRetirementWaitPeriod", {"7", "0", "14"}},
    {"guardDutyActivate", {"off", "on"}},
    {"defaultLogDriverMode", {"non-blocking", "blocking"}},
    {"fargateEventWindows", {"disabled", "enabled"}},
};

const Known* find_known(std::string_view name) {
  const auto found = std::ranges::find(kKnown, name, &Known::name);
  return found == std::end(kKnown) ? nullptr : found;
}

std::string root_arn(const state::Scope& scope) { return fmt::format("arn:aws:iam::{}:root", scope.account); }

// What a request's principal is called in the records: nothing is the caller, the root user is the whole account.
std::string principal_key(const state::Scope& scope, const std::optional<std::string>& principal,
                          const Caller& caller) {
  std::string arn = principal.value_or(caller.arn);
  return arn == root_arn(scope) ? "" : arn;
}

ecs::Setting shape(const state::Scope& scope, std::string_view name, std::string_view value,
                   std::string_view principal_key) {
  return {.name = std::string(name),
          .value = std::string(value),
          .principal_arn = principal_key.empty() ? root_arn(scope) : std::string(principal_key),
          .type = name == "guardDutyActivate" ? "aws_managed" : "user"};
}

Answer<ecs::Setting> put(const WriteCall& call, const std::string& name, std::string value, std::string principal_key) {
  if (name == "guardDutyActivate") return invalid_parameter("The setting guardDutyActivate is managed by AWS.");
  const Known& known = *find_known(name);
  if (known.is_fixed && value == "disabled")
    return invalid_parameter(fmt::format("You can no longer disable {}.", name));
  if (std::ranges::find(known.values, value) == known.values.end())
    return invalid_parameter(
        fmt::format("The setting {} has no value '{}'; it may be {}.", name, value, fmt::join(known.values, ", ")));
  ecs::Setting answer = shape(call.transaction.scope(), name, value, principal_key);
  call.transaction.put(
      state::AccountSetting{.principal_arn = std::move(principal_key), .name = name, .value = std::move(value)});
  return answer;
}

}  // namespace

std::string_view effective_setting(const state::Partition& state, std::string_view principal_arn,
                                   std::string_view name) {
  for (const std::string_view principal : {principal_arn, std::string_view()})
    if (const auto* found = state.settings().find({principal, name})) return found->value;
  const Known* known = find_known(name);
  return known == nullptr ? std::string_view() : known->values.front();
}

Answer<ecs::ListAccountSettingsResponse> list_account_settings(const ReadCall& call,
                                                               const ecs::ListAccountSettingsRequest& request) {
  if (request.value && !request.name)
    return invalid_parameter("To filter by value, specify the setting's name as well.");
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 10, 10));
  const std::string principal = principal_key(call.scope, request.principal_arn, call.caller);
  ecs::ListAccountSettingsResponse response{.settings = std::vector<ecs::Setting>()};
  // There are few names: all are gone through, in the order of their names.
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) names.push_back(known.name);
  std::ranges::sort(names);
  for (const std::string_view name : names) {
    if (name <= page.after || (request.name && *request.name != name)) continue;
    std::string_view value;
    if (request.effective_settings.value_or(false))
      value = effective_setting(call.state, principal, name);
    else if (const auto* found = call.state.settings().find({principal, name}))
      value = found->value;
    if (value.empty() || (request.value && *request.value != value)) continue;
    if (response.settings->size() == page.size) {
      response.next_token = next_token_after(*response.settings->back().name);
      break;
    }
    response.settings->push_back(shape(call.scope, name, value, principal));
  }
  return response;
}

Answer<ecs::PutAccountSettingResponse> put_account_setting(const WriteCall& call,
                                                           const ecs::PutAccountSettingRequest& request) {
  FL_TRY(auto setting, put(call, *request.name, *request.value,
                           principal_key(call.transaction.scope(), request.principal_arn, call.caller)));
  return ecs::PutAccountSettingResponse{.setting = std::move(setting)};
}

Answer<ecs::PutAccountSettingDefaultResponse> put_account_setting_default(
    const WriteCall& call, const ecs::PutAccountSettingDefaultRequest& request) {
  FL_TRY(auto setting, put(call, *request.name, *request.value, ""));
  return ecs::PutAccountSettingDefaultResponse{.setting = std::move(setting)};
}

Answer<ecs::DeleteAccountSettingResponse> delete_account_setting(const WriteCall& call,
                                                                 const ecs::DeleteAccountSettingRequest& request) {
  state::Transaction& transaction = call.transaction;
  const std::string principal = principal_key(transaction.scope(), request.principal_arn, call.caller);
  const std::string& name = *request.name;
  if (const auto* found = transaction.state().settings().find({principal, name})) transaction.erase(*found);
  return ecs::DeleteAccountSettingResponse{
      .setting = shape(transaction.scope(), name, effective_setting(transaction.state(), principal, name), principal)};
}

}  // namespace fl::control::api
