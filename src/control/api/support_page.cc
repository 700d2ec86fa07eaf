#include "control/api/support_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "control/api/action.h"

namespace fl::control::api {
namespace {

// What a person should know who comes from AWS. An action that is not named here does what AWS's does, as far as known.
struct Deviation {
  std::string_view service, action, text;
};
constexpr Deviation kDeviations[] = {
    {"ECS", "CreateCluster",
     "`configuration` and `serviceConnectDefaults` are kept and answered, nothing comes of them"},
    {"ECS", "DeleteCluster",
     "never UpdateInProgressException: what is changed about a cluster is changed when the answer comes"},
    {"ECS", "PutClusterCapacityProviders", "takes effect at once, so that there is never an UpdateInProgressException"},
    {"ECS", "CreateService",
     "EXTERNAL services may have load balancers, and target groups are taken at their word (with --strict none has a "
     "load balancer, since this control plane has none); Fargate platform versions are LATEST, 1.4.0 and 1.3.0, all of "
     "Linux; deployments are ROLLING; the first provider of a strategy takes all tasks; `serviceRegistries`, "
     "`serviceConnectConfiguration`, `volumeConfigurations` and the `alarms` of deployments are kept, nothing comes of "
     "them; `vpcLatticeConfigurations`, `gatewayConnectors` and `monitoring` are ignored"},
    {"ECS", "UpdateService", "as CreateService"},
    {"ECS", "RunTask",
     "Fargate platform versions and capacity providers as CreateService; `volumeConfigurations` are ignored"},
    {"ECS", "DescribeClusters", "`attachments` are always empty"},
    {"ECS", "CreateCapacityProvider", "recorded only: no Auto Scaling group is scaled; no Managed Instances"},
    {"ECS", "UpdateCapacityProvider", "recorded only"},
    {"ECS", "RegisterTaskDefinition",
     "EXTERNAL may have awsvpc and EFS, and `cpu` may be under 128, unless --strict; `compatibilities` never has "
     "MANAGED_INSTANCES; refusals whose text AWS does not document have texts of their own"},
    {"ECS", "DeleteTaskDefinitions", "a deleted revision that nothing uses is forgotten after an hour"},
    {"ECS", "TagResource", "tasks and container instances that are gone cannot be tagged"},
    {"ECS", "ListAccountSettings",
     "settings are kept and answered; `containerInsights` decides what new clusters have, nothing comes of the others"},
    {"ECS", "ExecuteCommand", "always refused, as AWS refuses where the exec agent does not run"},
    {"ECS", "UpdateTaskProtection",
     "not from DeleteService with `force`, nor from a lost container instance; a drained instance waits for it"},
    {"ECS", "UpdateContainerAgent", "there is never an update, nor one in progress"},
    {"SSM", "CreateActivation", "`RegistrationMetadata` is ignored"},
    {"SSM", "DescribeInstanceInformation",
     "knows external instances of ECS; Online while the ECS agent is connected; no association status"},
    {"SSM", "RegisterManagedInstance",
     "what amazon-ssm-agent calls, unsigned; the same machine may ask again for the answer it did not get"},
    {"SSM", "RequestManagedInstanceRoleToken", "signed with the machine's RSA key, as amazon-ssm-agent does"},
    {"STS", "AssumeRole", "any role of the caller's own account: there are no policies, those sent are ignored"},
    {"EC2", "DescribeInstances",
     "the machines of container instances that are not external; filters instance-id, instance-state-name, "
     "private-ip-address"},
    {"STS", "GetCallerIdentity", "with --auth=any everyone is the root of the account"},
};

std::string_view deviation(std::string_view service, std::string_view action) {
  for (const Deviation& d : kDeviations)
    if (d.service == service && d.action == action) return d.text;
  return {};
}

std::string members(const ecs::ShapeRules& input) {
  std::vector<std::string> names;
  for (const ecs::MemberRules& member : input.members)
    names.push_back(fmt::format("{}{}", member.name, member.required ? "*" : ""));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string support_page() {
  std::string out =
      "# The API of `fairlead control`\n\n"
      "What AWS clients can ask of it. A member that is demanded has an asterisk; members that are not listed are\n"
      "ignored, as AWS does. Members have the types and values of AWS's service models, and what breaks them is "
      "refused\n"
      "before anything happens. Every region is served and kept apart from the others.\n\n"
      "This page is made from the action table (`src/control/api/action_table.cc`) and the service models by\n"
      "`make generate`.\n";
  for (const Service& service : services()) {
    out +=
        fmt::format("\n## {}\n\n| Action | Request members | Differs from AWS |\n|---|---|---|\n", service.model->id);
    std::vector<std::string_view> refused;
    for (const Action& action : service.actions) {
      if (action.read == nullptr && action.write == nullptr)
        refused.push_back(action.name);
      else
        out += fmt::format("| {} | {} | {} |\n", action.name, members(*action.input),
                           deviation(service.model->id, action.name));
    }
    std::ranges::sort(refused);
    if (!refused.empty())
      out += fmt::format("\nKnown and refused with UnsupportedFeatureException: {}.\n", fmt::join(refused, ", "));
  }
  return out;
}

}  // namespace fl::control::api
